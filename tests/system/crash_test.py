#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of writes on the SQLite store: afterwards every organization is whole or absent.

ORGD_TEST_SEED chooses the random part; ORGD_TEST_KILLS multiplies the number of kills (ORGD_TEST_LONG: by ten).
"""
import contextlib
import os
import random
import shutil
import statistics
import sys
import threading
import time

from crash_world import Tenant, check_database
from fcgi_support import together
from process import Orgd
from tap import case, equal, main

SEED = int(os.environ.get("ORGD_TEST_SEED") or random.randrange(10**6))
TIMES = float(os.environ.get("ORGD_TEST_KILLS") or (10 if os.environ.get("ORGD_TEST_LONG") else 1))
BUDGET = 8.0 * max(TIMES, 1)
THREADS = 4
UPDATES = (("organization_name",), ("email",), ("password",), ("organization_name", "email", "password"))


@contextlib.contextmanager
def victim():
    """An orgd to be killed; it can be started again on the same directory and socket."""
    orgd = Orgd(env={"ORGD_WORKERS": "8", "ORGD_HASH_QUEUE": "8"})
    try:
        yield orgd.start()
    finally:
        orgd.close()
        shutil.rmtree(orgd.directory, ignore_errors=True)


class Tally:
    """How often it was killed, and what became of the operations in flight."""

    def __init__(self):
        self.kills = self.writes = self.happened = self.absent = 0
        self.lock = threading.Lock()

    def settle(self, tenant, before, path):
        """Finds out what became of a write; nothing stays open."""
        cut = len(tenant.possible) > 1
        after = tenant.settle(path, again=False)
        with self.lock:
            self.writes += 1
            self.absent += cut and after == before
            self.happened += cut and after != before

    def line(self, what):
        cut = self.happened + self.absent
        print(f"# {what}: seed {SEED}, {self.kills} kills, {self.writes} writes, {cut} cut off "
              f"({self.happened} had happened, {self.absent} had not)")
        if cut < self.kills / 8:
            raise AssertionError("too few writes were under way when it was killed: this proves nothing")


def prepared(path, operation):
    """For each thread an organization to work on and a function that does the operation."""
    tenants = [Tenant() for _ in range(THREADS)]
    if operation == "create":
        return tenants, [tenant.create for tenant in tenants]
    work = []
    for tenant in tenants:
        equal(tenant.create(path).status, 201, "create")
        token = tenant.login(path)
        if operation == "delete":
            work.append(lambda path, tenant=tenant, token=token: tenant.delete(path, token))
        else:
            work.append(lambda path, tenant=tenant, token=token: tenant.update(path, operation, token))
    return tenants, work


def duration(path, operation):
    """About how long all threads' operations take together."""
    times = []
    for _ in range(3):
        _, work = prepared(path, operation)
        begin = time.monotonic()
        together(THREADS, lambda index: work[index](path))
        times.append(time.monotonic() - begin)
    return statistics.median(times)


def killed_once(orgd, operation, delay, tally):
    """All threads begin the operation, the process is killed after the delay, started, and all is looked up."""
    tenants, work = prepared(orgd.socket_path, operation)
    before = [tenant.possible[0] for tenant in tenants]
    gate = threading.Barrier(THREADS + 1)

    def act(index):
        gate.wait()
        if index < THREADS:
            work[index](orgd.socket_path)
        else:
            time.sleep(delay)
            orgd.kill()
            orgd.start()

    together(THREADS + 1, act)
    tally.kills += 1
    for tenant, state in zip(tenants, before):
        tally.settle(tenant, state, orgd.socket_path)
    return tenants


def killed_in(operations, kills, what):
    """Kills spread over the operation's duration, in steps with a random part."""
    chance, tally, tenants = random.Random(SEED), Tally(), []
    kills = max(int(kills * TIMES), 1)
    end = time.monotonic() + BUDGET
    with victim() as orgd:
        for operation in operations:
            span = 1.2 * duration(orgd.socket_path, operation)
            for step in chance.sample(range(kills), kills):
                tenants += killed_once(orgd, operation, span * (step + chance.random()) / kills, tally)
                if time.monotonic() > end and tally.kills >= 6 * len(operations):
                    break
        for tenant in tenants:
            tenant.settle(orgd.socket_path)
        if check_database(orgd.directory) < len(tenants):
            raise AssertionError("organizations are missing in the database")
    tally.line(what)


@case
def killed_in_create(_):
    """kill -9 during creates: each is whole or absent, the acknowledged ones are there, absent ones can be created"""
    killed_in(["create"], 20, "create")


@case
def killed_in_update(_):
    """kill -9 during renames, new emails, new passwords and all three at once: the old or the new, never a mixture"""
    killed_in(UPDATES, 8, "update")


@case
def killed_in_delete(_):
    """kill -9 during deletes: each is whole or absent, acknowledged deletes hold, the name and email are free"""
    killed_in(["delete"], 16, "delete")


def random_write(tenant, path, chance):
    """One random write on an organization that is in a known state."""
    if tenant.possible == [None]:
        return tenant.create(path)
    operation = chance.choice((*UPDATES, "delete"))
    token = tenant.login(path)
    return tenant.delete(path, token) if operation == "delete" else tenant.update(path, operation, token)


def wander(paths, index, stop, tally):
    """Random writes through either process until told to stop; what was cut off is settled through either."""
    chance, tenants = random.Random(SEED + index), [Tenant() for _ in range(3)]
    while not stop.is_set():
        tenant = chance.choice(tenants)
        before = tenant.possible[0]
        random_write(tenant, chance.choice(paths), chance)
        tally.settle(tenant, before, chance.choice(paths))
    return tenants


@case
def two_processes_killed(_):
    """two processes on one database, killed in turn under mixed load: nothing acknowledged is lost"""
    chance, tally, stop = random.Random(SEED), Tally(), threading.Event()
    kills, end = int(20 * TIMES), time.monotonic() + BUDGET
    with victim() as first:
        second = Orgd(first.directory, env=first.env, name="second")
        both = [first, second]
        paths = [orgd.socket_path for orgd in both]

        def killer():
            try:
                while tally.kills < kills and not (time.monotonic() > end and tally.kills >= 6):
                    time.sleep(0.02 + 0.05 * chance.random())
                    both[tally.kills % 2].kill()
                    time.sleep(0.01 * chance.random())
                    both[tally.kills % 2].start()
                    tally.kills += 1
            finally:
                stop.set()

        def work(index):
            if index == 2 * THREADS:
                return killer()
            try:
                return wander(paths, index, stop, tally)
            except Exception:
                stop.set()
                raise

        try:
            second.start()
            groups = together(2 * THREADS + 1, work)[:-1]
            for number, tenant in enumerate(tenant for group in groups for tenant in group):
                tenant.settle(paths[number % 2], again=False)
                tenant.settle(paths[1 - number % 2])
            equal(check_database(first.directory), 3 * 2 * THREADS, "organizations in the database")
        finally:
            second.close()
    tally.line("two processes")


if __name__ == "__main__":
    sys.exit(main(None))
