# SPDX-License-Identifier: Apache-2.0
"""The MongoDB server goes away and comes back while organizations are made, changed and deleted.

Of each organization its client knows what was acknowledged. One whose last answer was 503 is left alone, for
it may be either way; in the end, after the recovery, all of them are looked up.
"""
import contextlib
import random
import threading
import time

import mongo_fault_lost
import wire_proxy
from crash_world import Tenant
from mongo_fault_lost import OPERATIONS, SEED, Faults, prepare
from mongo_world import Bench, Database, must_not_leak, recovery, without_server_text
from tap import case, equal
from wire_faults import error_before, lose_answer
from wire_proxy import HANG, NO_PRIMARY, PASS, REFUSE

THREADS = 4


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
        without_server_text(answer)
        with self.lock:
            sure = len(tenant.possible) == 1
            self.done += answer.status < 300
            self.unsure += not sure
            self.latest = time.monotonic() if answer.status < 300 else self.latest
        if answer.status >= 300:
            time.sleep(0.02)
        return tenant if sure and tenant.possible != [None] else None

    def change(self, chance, tenant, path):
        """Any operation but create; the login that it needs is patient."""
        token = tenant.login(path)
        operation = chance.choice(OPERATIONS[1:])
        return mongo_fault_lost.request_for(operation, tenant, token).attempt(tenant, path)


def under_load(server, replica_set, *disturbances):
    """Each disturbance is done to the proxies under load; then acknowledgements must come again in time."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(Database(server)))
        benches = [stack.enter_context(Bench(database, replica_set)) for _ in range(2)]
        proxies = [bench.proxy for bench in benches]
        with Load(benches) as load:
            time.sleep(0.5)
            for disturb in disturbances:
                disturb(proxies)
                back(load, disturb)
        faults = Faults(load.faults)
        seconds, left = recovery(benches[0].orgd, database)
        faults.lines += left
        for tenant in load.tenants:
            faults.gather(tenant.state, tenant.settle, benches[1].path)
        print(f"# {load.done} done, {load.unsure} unsure, {len(load.tenants)} organizations, "
              f"recovered in {seconds:.1f} s, seed {SEED}")
        faults.check()
        equal(load.unsure > 0 and load.done > 50, True, "whether the server was missed at all")
        for bench in benches:
            must_not_leak(bench.orgd, "pass phrase no", "@example.org")


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


def refused_for_a_second(proxies):
    set_all(proxies, REFUSE)
    time.sleep(1)
    set_all(proxies, PASS)


def hanging_for_three_seconds(proxies):
    set_all(proxies, HANG)
    time.sleep(3)
    set_all(proxies, PASS)


def without_primary_for_three_seconds(proxies):
    set_all(proxies, NO_PRIMARY)
    time.sleep(3)
    set_all(proxies, PASS)


def stepping_down_for_three_seconds(proxies):
    """Each command is answered with one of the errors of an election."""
    rules = [proxy.fault(kind=error_before(code), count=None, where=lambda _, share=share: random.random() < share)
             for proxy in proxies for code, share in ((10107, 0.5), (11602, 1.0))]
    time.sleep(3)
    for proxy in proxies:
        proxy.clear()
    equal(all(rule.fired for rule in rules), True, "whether commands were answered with errors")


def cut_ten_times(proxies):
    for _ in range(10):
        for proxy in proxies:
            proxy.cut_all()
        time.sleep(0.05)


def losing_answers(proxies):
    """One answer in five is lost."""
    for proxy in proxies:
        proxy.fault(kind=lose_answer, count=None, where=lambda _: random.random() < 0.2)
    time.sleep(2)
    for proxy in proxies:
        proxy.clear()


@case
def outages_under_load(server):
    """the server goes away under load, in four ways: nothing acknowledged is lost, nothing half remains"""
    under_load(server, False, refused_for_a_second, hanging_for_three_seconds, cut_ten_times, losing_answers)


@case
def failover_under_load(server):
    """a replica set changes its primary under load, in three ways: the same, and soon over"""
    under_load(server, True, without_primary_for_three_seconds, stepping_down_for_three_seconds,
               hanging_for_three_seconds)
