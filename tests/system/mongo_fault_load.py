# SPDX-License-Identifier: Apache-2.0
"""The MongoDB server goes away and comes back while organizations are made, changed and deleted.

Of each organization its client knows what was acknowledged. One whose last answer was 503 is left alone, for
it may be either way; in the end, after the recovery, all of them are looked up.
"""
import contextlib
import random
import threading
import time

from crash_world import Tenant
from mongo_operations import OPERATIONS, SEED, Faults, Mine, prepare, request_for
from mongo_world import Bench, Database, must_not_leak
from tap import case, equal, together
from wire_faults import delay, error_before, lose_answer, meanwhile
from wire_proxy import HANG, NO_PRIMARY, PASS, REFUSE, WRITES

THREADS = 4
PAUSE = 0.1  # after a 503
NEIGHBOURS = 150
RENAME, PASSWORD = (next(one for one in OPERATIONS if one.name == name) for name in ("rename", "password"))


class Load:
    """Threads that do one operation after the other, each on an organization that it may be done on."""

    def __init__(self, benches):
        self.benches, self.stopped = benches, threading.Event()
        self.tenants, self.faults, self.lock = [], [], threading.Lock()
        self.done = self.unsure = 0
        self.latest = 0.0  # when an operation was acknowledged
        self.threads = [threading.Thread(target=self.run, args=(index,)) for index in range(THREADS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def run(self, index):
        chance, tenant = random.Random(f"{SEED} {index}"), None
        while not self.stopped.is_set():
            try:
                tenant = self.one(chance, tenant, self.benches[index % len(self.benches)].path)
            except Exception as fault:
                with self.lock:
                    self.faults.append(f"{type(fault).__name__}: {fault}")
                tenant = None

    def one(self, chance, tenant, path):
        """One operation; returns the organization if there is one and its state is known."""
        if tenant is None:
            tenant = Tenant()
            with self.lock:
                self.tenants.append(tenant)
            answer = tenant.create(path)
        else:
            answer = self.change(chance, tenant, path)
        with self.lock:
            sure = len(tenant.possible) == 1
            self.done += answer.status < 300
            self.unsure += not sure
            self.latest = time.monotonic() if answer.status < 300 else self.latest
        if answer.status >= 300:
            time.sleep(PAUSE)
        return tenant if sure and tenant.possible != [None] else None

    def change(self, chance, tenant, path):
        """Any operation but create; the login that it needs is patient."""
        token = tenant.login(path)
        operation = chance.choice(OPERATIONS[1:])
        return request_for(operation, tenant, token).attempt(tenant, path)


def settle(tenants, path, faults):
    for tenant in tenants:
        faults.gather(tenant.state, tenant.settle, path)


def back(load, disturb):
    begin = time.monotonic()
    while load.latest <= begin:
        if time.monotonic() > begin + 5:
            raise AssertionError(f"nothing is acknowledged again 5 s after {disturb.__name__}")
        time.sleep(0.01)
    print(f"# after {disturb.__name__}: acknowledged again in {time.monotonic() - begin:.2f} s")
    time.sleep(0.5)


def set_all(proxies, mode):
    for proxy in proxies:
        proxy.set_mode(mode)


def in_mode(mode, seconds, proxies):
    set_all(proxies, mode)
    time.sleep(seconds)
    set_all(proxies, PASS)


def with_faults(seconds, proxies, **faults):
    """Some share of all commands meets each of the faults."""
    rules = [proxy.fault(kind=kind, count=None, where=lambda _, share=share: random.random() < share)
             for proxy in proxies for kind, share in faults.values()]
    time.sleep(seconds)
    for proxy in proxies:
        proxy.clear()
    equal(any(rule.fired for rule in rules), True, "whether a command met a fault")


def refused(proxies):
    in_mode(REFUSE, 1, proxies)


def without_primary(proxies):
    in_mode(NO_PRIMARY, 2, proxies)


def hanging(proxies):
    in_mode(HANG, 3, proxies)


def in_an_election(proxies):
    with_faults(3, proxies, stepping_down=(error_before(10107), 0.5), interrupted=(error_before(11602), 1.0))


def losing_answers(proxies):
    with_faults(1.5, proxies, lost=(lose_answer, 0.2))


def cut_often(proxies):
    for _ in range(10):
        for proxy in proxies:
            proxy.cut_all()
        time.sleep(0.05)


@case
def away_under_load(setup):
    """the server goes away under load, in many ways: nothing acknowledged is lost, nothing half remains"""
    benches = setup.benches[:THREADS]
    with Load(benches) as load:
        time.sleep(0.5)
        for disturb in (refused, cut_often, without_primary, hanging, in_an_election, losing_answers):
            disturb([bench.proxy for bench in benches])
            back(load, disturb)
    faults = Faults(load.faults)
    seconds, left = setup.recovery()
    faults.lines += left
    together([lambda share=load.tenants[i::THREADS], path=bench.path: settle(share, path, faults)
              for i, bench in enumerate(benches)])
    print(f"# {load.done} done, {load.unsure} unsure, {len(load.tenants)} organizations, "
          f"recovered in {seconds:.1f} s, seed {SEED}")
    faults.check()
    equal(load.unsure > 0 and load.done > 50, True, "whether the server was missed at all")
    for bench in benches:
        must_not_leak(bench.orgd, "pass phrase no", "@example.org")


@case
def slow_neighbour(setup):
    """an operation that takes long on one organization makes no other one wait, let alone busy"""
    bench, database = setup.benches[0], setup.database

    def prepare_some():
        return [prepare(RENAME, bench.path) for _ in range(NEIGHBOURS // 4)]

    slow, request = prepare(RENAME, bench.path)
    others = [one for part in together([prepare_some] * 4) for one in part]
    rule = bench.proxy.fault(WRITES, kind=delay(0.5), count=None, where=Mine(database, slow, request))

    def rename_others(share):
        time.sleep(0.1)
        spent = []
        for tenant, change in share:
            begin = time.monotonic()
            equal(change.attempt(tenant, bench.path).status, 200, "status of another organization's rename")
            spent.append(time.monotonic() - begin)
        return max(spent)

    acts = [lambda: request.attempt(slow, bench.path).status]
    acts += [lambda share=others[i::4]: rename_others(share) for i in range(4)]
    status, *longest = together(acts)
    bench.proxy.clear()
    equal((status, rule.fired > 3), (200, True), "the slow one")
    print(f"# the others took at most {max(longest):.2f} s")
    if max(longest) > 0.5:
        raise AssertionError(f"another organization waited {max(longest):.2f} s")


@case
def slow_create(setup):
    """a create that takes longer than the lease is not taken for dead by the process that is at it"""
    with contextlib.closing(Database(setup.server)) as database, Bench(database) as bench:
        tenant, request = prepare(OPERATIONS[0], bench.path)
        slow = {"insert", "create", "listCollections", "renameCollection"}
        with bench.proxy.faulty(slow, kind=delay(1.6), count=None, where=Mine(database, tenant, request)):
            equal(request.send(bench.path).status, 201)
        equal(database.faults(), [], "what is left")


@case
def hash_and_password(setup):
    """a renewal of a hash and a change of the password do not meet: the servers are not all atomic"""
    with contextlib.closing(Database(setup.server)) as database, Bench(database) as old, \
            Bench(database, env={"ORGD_BCRYPT_COST": "5"}) as bench:
        tenant, _ = prepare(PASSWORD, old.path)
        request = request_for(PASSWORD, tenant, tenant.login(old.path))
        answers, met = [], []
        change = threading.Thread(target=lambda: answers.append(request.send(bench.path)))

        def change_meanwhile():
            begin = len(bench.proxy.log)
            change.start()
            time.sleep(0.5)
            met.extend(one for one in bench.proxy.log[begin:] if one.name == "update")
        with bench.proxy.faulty("update", "admins", kind=meanwhile(change_meanwhile)):
            tenant.login(bench.path)
        change.join()
        equal(([answer.status for answer in answers], met), ([200], []), "the change, and what it did meanwhile")
