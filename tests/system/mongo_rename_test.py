#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A rename does not touch documents: however many there are, whoever writes to them meanwhile.

ORGD_TEST_DOCUMENTS (100000; with ORGD_TEST_LONG a million) says how many are many.
"""
import collections
import contextlib
import itertools
import os
import shutil
import statistics
import sys
import threading
import time

import fastcgi
from crash_world import fresh_state
from mongo_crash_world import findings_of_orgctl
from mongo_server import run_cases
from mongo_wire import MongoClient
from process import Orgd, short_directory
from tap import case, equal
from wire_proxy import Proxy

LONG = bool(os.environ.get("ORGD_TEST_LONG"))
MANY = int(os.environ.get("ORGD_TEST_DOCUMENTS") or (1000000 if LONG else 100000))
FEW, ROUNDS = 10, 15
MOST_TIMES = 2 if LONG else 10   # what is promised; a copy of them all would take thousands of times as long
WRITERS, RENAMES = 3, 12
NUMBERS = itertools.count(1)
CONTROL = {"organizations", "admins", "slugs", "emails"}


class World:
    """An orgd on a database of its own, behind a proxy that counts commands."""

    def __init__(self, server):
        self.uri = server.uri(f"orgd_rename_{os.getpid()}_{next(NUMBERS)}")
        self.directory, self.proxy, self.client = short_directory(), Proxy(self.uri), MongoClient(self.uri)
        self.database = self.client.database
        self.orgd = Orgd(self.directory, env={"MONGO_URI": self.proxy.uri})

    def __enter__(self):
        self.orgd.start()
        return self

    def __exit__(self, *_):
        self.orgd.close()
        self.proxy.close()
        self.client.command(self.database, {"dropDatabase": 1})
        self.client.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, method, uri, body=None, token=None, status=200):
        answer = fastcgi.call(self.orgd.socket_path, method, uri, body, token=token, timeout=30)
        equal(answer.status, status, f"{method} {uri} {body}")
        return answer.json()


class Tenant:
    """An organization, and what its collection is called."""

    def __init__(self, world):
        self.world, state = world, fresh_state()
        self.collection = world.call("POST", "/org/create", state.input(), status=201)["collection_name"]
        self.token = world.call("POST", "/admin/login", state.credentials())["access_token"]

    def rename(self, name=None):
        """To a new name, or to this one; gives the commands that it took, and the seconds."""
        with self.world.proxy.recording() as commands:
            begin = time.monotonic()
            answer = self.world.call("PUT", "/org/update", {"organization_name": name or fresh_state().name}, self.token)
            seconds = time.monotonic() - begin
        self.collection = answer["collection_name"]
        kinds = collections.Counter((one.name, one.collection if one.collection in CONTROL else "") for one in commands)
        return kinds, seconds

    def fill(self, count):
        self.world.client.insert(self.world.database, self.collection, ({"_id": n} for n in range(count)))

    def count(self):
        return self.world.client.command(self.world.database, {"count": self.collection})["n"]


def least(rounds):
    """The fewest commands of any round: what the process does in the background comes on top."""
    return min((commands for commands, _ in rounds), key=collections.Counter.total)


@case
def many_documents(server):
    """a rename takes the same commands, and about the same time, with many documents as with ten"""
    with World(server) as world:
        few, many = Tenant(world), Tenant(world)
        few.fill(FEW)
        many.fill(MANY)
        rounds = [(few.rename(), many.rename()) for _ in range(ROUNDS)]
        commands, more = (least(column) for column in zip(*rounds))
        equal(more, commands, "commands of a rename")
        short, long = (statistics.median(seconds for _, seconds in column) for column in zip(*rounds))
        print(f"# {commands.total()} commands each; {FEW} documents {short * 1000:.2f} ms, "
              f"{MANY} documents {long * 1000:.2f} ms (medians of {ROUNDS} rounds): {long / short:.2f} times as long")
        equal((few.count(), many.count()), (FEW, MANY), "documents afterwards")
        if long > MOST_TIMES * short:
            raise AssertionError(f"{long / short:.1f} times as long, more than {MOST_TIMES}")


class Writer(threading.Thread):
    """An outside program: it writes to the collection that it knows, until it is told of another or to stop."""

    def __init__(self, uri, collection):
        super().__init__(daemon=True)
        self.client, self.collection, self.ended = MongoClient(uri), collection, threading.Event()
        self.written, self.fault = [], None
        self.start()

    def run(self):
        try:
            while not self.ended.is_set():
                number = next(NUMBERS)
                self.client.insert(self.client.database, self.collection, {"_id": number})
                self.written.append(number)
        except Exception as fault:
            self.fault = fault

    def end(self):
        self.ended.set()
        self.join(20)
        self.client.close()
        if self.fault is not None:
            raise self.fault


@contextlib.contextmanager
def written_to(world, tenant):
    """Inside the block others write to the tenant's collection, as it is called at its beginning."""
    writers = [Writer(world.uri, tenant.collection) for _ in range(WRITERS)]
    written = set()
    try:
        time.sleep(0.05)
        yield written
        time.sleep(0.05)
    finally:
        for writer in writers:
            writer.end()
    written.update(number for writer in writers for number in writer.written)


def ids(world, collection):
    return {document["_id"] for document in world.client.find(world.database, collection)}


def moved_aside(world):
    return [name for name in world.client.collections(world.database) if name.startswith("lost_")]


@case
def written_meanwhile(server):
    """what others write while it is renamed is in the new collection, or reported under the old name"""
    with World(server) as world:
        tenant, ours, late_names = Tenant(world), set(), []
        for _ in range(RENAMES):
            old = tenant.collection
            with written_to(world, tenant) as written:
                tenant.rename()
            here, behind = ids(world, tenant.collection) - ours, ids(world, old)
            equal(here | behind, written, "documents written during a rename")
            equal(here & behind, set(), "documents in two places")
            ours |= here
            late_names += [old] if behind else []
        if not ours or not late_names:
            raise AssertionError("the writers met no rename: this proves nothing")
        equal(findings_of_orgctl(world.orgd), ["collection_unowned"] * len(late_names), "findings")
        equal(ids(world, tenant.collection), ours, "documents in the end")
        print(f"# {RENAMES} renames, {len(ours)} documents in the renamed collection, others under {len(late_names)} old names")


@case
def not_inherited(server):
    """who gets the old name next inherits nothing, and nothing of it is lost"""
    with World(server) as world:
        tenant = Tenant(world)
        first, name = tenant.collection, fresh_state().name
        with written_to(world, tenant):
            tenant.rename(name)
        left = ids(world, first)
        if not left:
            raise AssertionError("nothing was written to the old name: this proves nothing")
        state = fresh_state()
        heir = world.call("POST", "/org/create", {**state.input(), "organization_name": old_name(first)}, status=201)
        equal(heir["collection_name"], first, "the heir's collection")
        equal(ids(world, first), set(), "documents that the heir finds")
        aside, = moved_aside(world)
        equal(ids(world, aside), left, "documents moved aside")
        equal(findings_of_orgctl(world.orgd), ["collection_unowned"], "findings")


@case
def renamed_onto(server):
    """likewise for who is renamed to the old name, with documents of its own"""
    with World(server) as world:
        tenant, heir = Tenant(world), Tenant(world)
        heir.fill(FEW)
        first = tenant.collection
        with written_to(world, tenant):
            tenant.rename()
        left = ids(world, first)
        heir.rename(old_name(first))
        equal(heir.collection, first, "the heir's collection")
        equal(ids(world, first), set(range(FEW)), "documents that the heir finds")
        aside, = moved_aside(world)
        equal(ids(world, aside), left, "documents moved aside")


def old_name(collection):
    return collection.removeprefix("org_").replace("-", " ")


if __name__ == "__main__":
    sys.exit(run_cases("renames on MongoDB"))
