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
import threading
import time

import fastcgi
import wire_faults
from crash_world import Tenant, changed
from mongo_world import LONG, must_not_leak, without_server_text
from tap import case, equal, together
from wire_faults import error_after, error_before, late, write_concern_error, write_errors
from wire_proxy import WRITES

SEED = int(os.environ.get("ORGD_TEST_SEED") or 1)
ONLY = os.environ.get("ORGD_TEST_FAULT", "")
EVERYTHING = LONG or ONLY
UPTIME = 20.0  # what a process does only soon after its start must not be what mends things here

DATA = {"insert", "update", "delete"}
DDL = {"create", "renamecollection", "drop"}
READS = {"find", "listcollections"}
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
)


@dataclasses.dataclass(frozen=True)
class Operation:
    """fields: what an update changes; again: what the repeated request answers when the first had happened."""
    name: str
    again: tuple
    fields: tuple = ()


@dataclasses.dataclass(frozen=True)
class Request:
    """new: the state of the organization after it."""
    new: object
    method: str
    uri: str
    body: object
    token: str = None

    def send(self, path):
        return fastcgi.call(path, self.method, self.uri, self.body, token=self.token, timeout=20)

    def attempt(self, tenant, path):
        return tenant.attempt(path, self.new, self.method, self.uri, self.body, self.token)


def prepare(operation, path):
    """An organization for an operation to work on, and the request for it."""
    tenant = Tenant()
    if operation.name == "create":
        return tenant, Request(tenant.state, "POST", "/org/create", tenant.state.input())
    equal(tenant.create(path).status, 201, "create")
    return tenant, request_for(operation, tenant, tenant.login(path))


def request_for(operation, tenant, token):
    """The request for any operation but create."""
    if operation.name == "delete":
        return Request(None, "DELETE", "/org/delete", None, token)
    old = tenant.state
    new = changed(old, operation.fields) if operation.fields else dataclasses.replace(old, name=old.name + "!")
    body = {key: value for key, value in new.input().items() if old.input()[key] != value}
    return Request(new, "PUT", "/org/update", body, token)


OPERATIONS = (
    Operation("create", (409, "organization_exists")),
    Operation("rename", (200, None), ("organization_name",)),
    Operation("display name", (200, None)),
    Operation("email", (401, "invalid_token"), ("email",)),
    Operation("password", (401, "invalid_token"), ("password",)),
    Operation("all", (401, "invalid_token"), ("organization_name", "email", "password")),
    Operation("delete", (401, "invalid_token")),
)


class Mine:
    """Whether a command belongs to the operation on one organization: by what it mentions.

    The recovery of other organizations, which goes on beside it, is not to be counted.
    """

    def __init__(self, database, tenant, new):
        states = [state for state in (tenant.state, new) if state is not None]
        self.marks = {word for state in states for word in (slug(state) + b"\0", state.email.encode() + b"\0")}
        for org in database.find("organizations", {"organization_name": tenant.state.name}):
            self.learn(org["_id"], org["admin_id"])

    def learn(self, *ids):
        self.marks |= {mark for one in ids for mark in (one.bytes, str(one).encode())}

    def __call__(self, command):
        content = command.message.content
        if not any(mark in content for mark in self.marks):
            return False
        if (command.name, command.collection) == ("insert", "organizations"):
            self.learn(command.body["documents"][0]["_id"])
        return True


def slug(state):
    return state.name.strip("!").lower().replace(" ", "-").encode()


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

    def __str__(self):
        where = f"command {self.step + 1} ({self.command})" if self.command else "every write"
        view, got = " of a replica set" if self.replica_set else "", f" -> {self.answer.status}" if self.answer else ""
        return f"{self.operation.name}: {self.kind.__name__} on {where}{view}{got}"

    def run(self, bench, database):
        self.tenant, self.request = prepare(self.operation, bench.path)
        mine = Mine(database, self.tenant, self.request.new)
        rule = bench.proxy.fault(names=None if self.command else WRITES, kind=self.kind, where=mine,
                                 count=1 if self.command else None, skip=self.step)
        self.answer = without_server_text(self.request.attempt(self.tenant, bench.path))
        equal(rule.fired > 0, True, "whether the fault struck")
        bench.proxy.clear()
        bench.wait_ready()
        if self.answer.status != 503:
            self.tenant.settle(bench.path, again=False)

    def mentioned_in(self, line):
        states = {self.tenant.state, *self.tenant.possible, *self.tenant.gone} - {None}
        return any(re.search(rf"\b({slug(state).decode()}|{state.email})\b", line) for state in states)

    def conclude(self, bench):
        """After the recovery: whole or absent, as the answer said or allowed; and the same request again."""
        if self.tenant.settle(bench.path, again=False) == self.request.new:
            answer = self.request.send(bench.path)
            equal((answer.status, answer.json().get("code")), self.operation.again, "the request again")
        else:
            answer = self.request.attempt(self.tenant, bench.path)
            equal(answer.status // 100, 2, "status of the request again")
        self.tenant.settle(bench.path, again=False)


def good_run(bench, database, operation):
    """The names of the commands that an operation sends, in their order."""
    tenant, request = prepare(operation, bench.path)
    mine = Mine(database, tenant, request.new)
    with bench.proxy.recording() as commands:
        request.attempt(tenant, bench.path)
    return [command.name for command in commands if mine(command)]


def planned(bench, database):
    """All attempts in the long run; in the short one each command goes wrong in one way, by chance; so do all writes.

    ORGD_TEST_FAULT chooses those whose description contains it, as "all: hang on command 8 (".
    """
    chance, attempts = random.Random(SEED), []
    for operation in OPERATIONS:
        for step, name in [(0, None), *enumerate(good_run(bench, database, operation))]:
            ways = [(kind, replica_set) for kind, names, short in KINDS
                    if (name or "insert") in names and (short or EVERYTHING) for replica_set in (False, True)]
            chosen = ways if EVERYTHING else [chance.choice(ways)]
            attempts += [Attempt(operation, step, name, *way) for way in chosen]
    chance.shuffle(attempts)
    return [attempt for attempt in attempts if ONLY in str(attempt)]


class Faults:
    """What went wrong with attempts, collected: one fault does not hide the others."""

    def __init__(self, lines=()):
        self.lines, self.lock = list(lines), threading.Lock()

    def gather(self, attempt, act, *arguments):
        try:
            act(*arguments)
        except Exception as fault:
            with self.lock:
                self.lines.append(f"{attempt}: {type(fault).__name__}: {fault}")

    def blame(self, attempts, left):
        """Whose organization a line about the database is about."""
        for line in left:
            guilty = [str(one) for one in attempts if one.mentioned_in(line)]
            self.lines.append(f"{line}: {guilty}")

    def check(self):
        if self.lines:
            raise AssertionError("\n".join([f"seed {SEED}", *self.lines]))


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
    time.sleep(max(0.0, setup.started + UPTIME - time.monotonic()))
    work_off(attempts, benches, lambda one, bench: faults.gather(one, one.run, bench, database))
    seconds, left = setup.recovery()
    faults.blame(attempts, left)
    work_off(attempts, benches, lambda one, bench: faults.gather(one, one.conclude, bench))
    unsure = sum(one.answer is not None and one.answer.status == 503 for one in attempts)
    print(f"# {len(attempts)} faults, seed {SEED}: {unsure} answers 503, recovered in {seconds:.1f} s")
    faults.check()
    equal(setup.left(), [], "what is left in the end")
    for bench in benches:
        must_not_leak(bench.orgd, "pass phrase no", "@example.org")
