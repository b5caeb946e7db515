# SPDX-License-Identifier: Apache-2.0
"""Each command of each operation goes wrong once, in each way: the answer is a right one, and nothing half remains.

First a good run of each operation tells which commands it sends. Then, for each of them, the same
operation is done on an organization of its own while the proxy spoils that one command.
"""
import contextlib
import dataclasses
import os
import queue
import random
import re
import time

import wire_faults
from crash_world import Tenant
from mongo_operations import OPERATIONS, REFUSED, SEED, Faults, Mine, Operation, Request, good_run, prepare, slug
from mongo_world import HANGING_WITHIN, LONG, RECOVERY, REFUSED_WITHIN, SLACK, must_not_leak
from tap import case, equal, together, wait_until
from wire_faults import error_after, error_before, from_now_on, late, write_concern_error, write_errors
from wire_proxy import HANG, PASS, REFUSE, WRITES

ONLY = os.environ.get("ORGD_TEST_FAULT", "")
EVERYTHING = LONG or ONLY
UPTIME = 20.0  # what a process does only soon after its start must not be what mends things here

DATA = {"insert", "update", "delete"}
DDL = {"create", "renamecollection", "drop"}
READS = {"find", "listcollections"}
REFUSED_FROM_NOW_ON = from_now_on(REFUSE)
SLOWEST = {REFUSED_FROM_NOW_ON: REFUSED_WITHIN}
# Which commands a fault is for, and whether it is in the short run.
KINDS = (
    (wire_faults.lose_answer, DATA | DDL, True),
    (wire_faults.cut_before, DATA | DDL | READS, True),
    (wire_faults.half_an_answer, DATA | DDL | READS, False),
    (error_after(91), DATA | DDL, True),
    (error_before(10107), DATA | DDL, True),
    (error_before(11602), DATA | DDL | READS, True),
    (error_before(189), DATA | DDL, False),
    (error_before(117), DDL, True),
    (error_before(13), DATA | DDL | READS, False),
    (write_concern_error(64), DATA | DDL, True),
    (write_concern_error(100), DATA | DDL, False),
    (write_errors(112), DATA, True),
    (late(0.3), DATA | DDL, True),
    (wire_faults.hang, DATA | DDL | READS, True),
    (wire_faults.hang_after, DATA | DDL, True),
    (REFUSED_FROM_NOW_ON, DATA | DDL | READS, True),
    (from_now_on(HANG), DATA | DDL | READS, True),
)


@dataclasses.dataclass
class Attempt:
    """One operation of which one command goes wrong, or all writes do (without a command's name)."""
    operation: Operation
    step: int
    command: str
    kind: object
    replica_set: bool
    tenant: Tenant = None
    request: Request = None
    answer: object = None
    seconds: float = 0.0

    def __str__(self):
        where = f"command {self.step + 1} ({self.command})" if self.command else "every write"
        view, got = " of a replica set" if self.replica_set else "", f" -> {self.answer.status}" if self.answer else ""
        return f"{self.operation.name}: {self.kind.__name__} on {where}{view}{got}"

    def run(self, bench, database):
        bench.wait_ready()
        self.tenant, self.request = prepare(self.operation, bench.path)
        mine = Mine(database, self.tenant, self.request)
        names, count = (None, 1) if self.command else (WRITES, None)
        try:
            with bench.proxy.faulty(names, kind=self.kind, where=mine, count=count, skip=self.step) as rule:
                begin = time.monotonic()
                self.answer = self.request.attempt(self.tenant, bench.path)
                self.seconds = time.monotonic() - begin
        finally:
            bench.proxy.set_mode(PASS)
        equal(rule.fired > 0, True, "whether the fault struck")
        if self.seconds > SLOWEST.get(self.kind, HANGING_WITHIN) + SLACK:
            raise AssertionError(f"answered only after {self.seconds:.1f} s")
        bench.wait_ready()
        if self.answer.status != 503:
            self.tenant.settle(bench.path, again=False)

    def mentioned_in(self, line):
        states = {self.tenant.state, *self.tenant.possible, *self.tenant.gone} - {None} if self.tenant else ()
        return any(re.search(rf"\b({slug(state.name)}|{state.email})\b", line) for state in states)

    def conclude(self, bench):
        """After the recovery: whole or absent, as the answer said or allowed; and the same request again."""
        if self.answer is None:
            return  # run() has said why
        if self.tenant.settle(bench.path, again=False) == self.request.new:
            answer = self.request.send(bench.path)
            equal((answer.status, answer.json().get("code")), self.operation.again, "the request again")
        else:
            answer = self.request.attempt(self.tenant, bench.path)
            equal(answer.status // 100, 2, "status of the request again")
        self.tenant.settle(bench.path, again=False)


def planned(bench, database):
    """All attempts in the long run; in the short one each command goes wrong in one way, by chance; so do all writes.

    ORGD_TEST_FAULT chooses those whose description contains it, as "all: hang on command 8 (".
    """
    chance, attempts = random.Random(SEED), []
    for operation in (*OPERATIONS, REFUSED):
        for step, name in [(0, None), *enumerate(good_run(bench, database, operation))]:
            ways = [(kind, replica_set) for kind, names, short in KINDS
                    if (name or "insert") in names and (short or EVERYTHING) for replica_set in (False, True)]
            chosen = ways if EVERYTHING else [chance.choice(ways)]
            attempts += [Attempt(operation, step, name, *way) for way in chosen]
    chance.shuffle(attempts)
    return [attempt for attempt in attempts if ONLY in str(attempt)]


def work_off(attempts, benches, act):
    """Each bench does one attempt after the other, of those for its view of the server."""
    todo = {False: queue.SimpleQueue(), True: queue.SimpleQueue()}
    for attempt in attempts:
        todo[attempt.replica_set].put(attempt)

    def work(bench):
        with contextlib.suppress(queue.Empty):
            while True:
                act(todo[bench.replica_set].get_nowait(), bench)
    together([lambda bench=bench: work(bench) for bench in benches])


@case
def commands_that_go_wrong(setup):
    """each command of each operation goes wrong once: right answers, nothing half remains, and the same request again"""
    benches, database = setup.benches, setup.database
    attempts, faults = planned(benches[0], database), Faults()
    setup.age(UPTIME)
    work_off(attempts, benches, lambda one, bench: faults.gather(one, one.run, bench, database))
    seconds, left = setup.recovery()
    faults.blame(attempts, left)
    work_off(attempts, benches, lambda one, bench: faults.gather(one, one.conclude, bench))
    unsure = sum(one.answer is not None and one.answer.status == 503 for one in attempts)
    print(f"# {len(attempts)} faults, seed {SEED}: {unsure} answers 503, the slowest after "
          f"{max(one.seconds for one in attempts):.1f} s; recovered in {seconds:.1f} s")
    faults.check()
    equal(setup.left(), [], "what is left in the end")
    for bench in benches:
        must_not_leak(bench.orgd, "pass phrase no", "@example.org")


@case
def ended_by_a_read(setup):
    """what an operation leaves that ends at a read, after its writes were answered, is cleared away as soon as any"""
    bench, database = setup.lone, setup.lone_database
    _, request = prepare(REFUSED, bench.path)
    setup.age(UPTIME)
    with bench.proxy.faulty("find", "emails", kind=wire_faults.hang, count=2):
        equal(request.send(bench.path).status, 503)
    equal(len(database.faults()), 1, f"what it leaves: {database.faults()}")
    wait_until(lambda: not database.faults(), RECOVERY, "the recovery")
