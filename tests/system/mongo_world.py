# SPDX-License-Identifier: Apache-2.0
"""orgd on a MongoDB server, with a proxy between them, and a second way to that server for the tests' own eyes."""
import contextlib
import itertools
import json
import os
import secrets
import shutil
import subprocess
import time

import fastcgi
from mongo_wire import MongoClient
from orgctl_support import ORGCTL
from process import MODULES, Orgd
from stack import Stack
from tap import wait_until
from wire_proxy import Proxy

NUMBERS = itertools.count(1)
LONG = bool(os.environ.get("ORGD_TEST_LONG"))
# Seconds of the promises, and what a busy machine may add.
RECOVERY, REFUSED_WITHIN, HANGING_WITHIN = 15.0, 2.0, 6.0
SLACK = 0.5
CONTROL = {"organizations", "admins", "slugs", "emails"}


class Database:
    """A database of its own on the server, seen by the tests without the proxy; and the key of those who share it."""

    def __init__(self, server):
        self.key = secrets.token_hex(32)
        self.name = f"orgd_fault_{os.getpid()}_{next(NUMBERS)}"
        self.uri = server.uri(self.name)
        self.client = MongoClient(self.uri)

    def empty(self):
        self.client.command(self.name, {"dropDatabase": 1})

    def close(self):
        self.empty()
        self.client.close()

    def find(self, coll, filter=None):
        return self.client.find(self.name, coll, filter)

    def insert(self, coll, *documents):
        self.client.insert(self.name, coll, list(documents))

    def drop(self, coll):
        return self.client.drop(self.name, coll)

    def rename(self, old, new):
        self.client.rename(self.name, old, new)

    def collections(self):
        return self.client.collections(self.name)

    def organization(self, slug):
        found, = self.find("organizations", {"slug": slug})
        return found

    def faults(self):
        """What is not as it must be when nothing is under way: a list of lines, by the documents themselves."""
        orgs = self.find("organizations")
        admins = {one["_id"]: one for one in self.find("admins")}
        collections = {name: uuid for name, uuid in self.collections().items() if not name.startswith("system.")}
        own = CONTROL | {"org_" + org["slug"] for org in orgs}
        used = {"slugs": {(org["slug"], org["_id"], org["slug_op"]) for org in orgs},
                "emails": {(one["email"], one["org_id"], one["email_op"]) for one in admins.values()}}
        return [*(line for org in orgs for line in _faults_of(org, admins.get(org["admin_id"]), collections)),
                *(line for coll, keys in used.items() for line in _faulty_claims(coll, self.find(coll), keys)),
                *(f"admin {one['email']} of no organization" for one in admins.values()
                  if one["_id"] not in {org["admin_id"] for org in orgs}),
                *(f"collection {name} of nobody" for name in collections if name not in own)]


def _faults_of(org, admin, collections):
    if org["state"] != "active":
        yield f"{org['slug']} is {org['state']}"
    elif admin is None or admin["org_id"] != org["_id"]:
        yield f"{org['slug']} has no admin of its own, but {admin}"
    elif admin["tv"] != org["tv"]:
        yield f"{org['slug']} has token version {org['tv']}, its admin {admin['tv']}"
    elif "org_" + org["slug"] not in collections:
        yield f"{org['slug']} has no collection"
    elif collections["org_" + org["slug"]] != org["coll_uuid"]:
        yield f"the collection of {org['slug']} is not its own"


def _faulty_claims(coll, claims, used):
    """used: {(key, organization, operation)} as their owners say."""
    claimed = {(one["_id"], one["org"], one["op"]) for one in claims}
    yield from (f"{coll}: {claim} is claimed, but not used" for claim in claimed - used)
    yield from (f"{coll}: {claim} is used, but not claimed" for claim in used - claimed)


def behind(proxy, database):
    """The environment of an orgd on a database behind a proxy."""
    return {"MONGO_URI": proxy.uri, "ORGD_MODULE_DIR": MODULES, "JWT_SECRET_KEY": database.key}


class Bench:
    """One orgd with a proxy of its own on a shared database; no nginx."""

    def __init__(self, database, replica_set=False, env=None):
        self.proxy = Proxy(database.uri, replica_set)
        self.replica_set = replica_set
        self.orgd = Orgd(env={**behind(self.proxy, database), "ORGD_WORKERS": "8", "ORGD_HASH_QUEUE": "8",
                              **(env or {})})

    @property
    def path(self):
        return self.orgd.socket_path

    def __enter__(self):
        self.orgd.start()
        return self

    def __exit__(self, *_):
        self.orgd.close()
        self.proxy.close()
        shutil.rmtree(self.orgd.directory, ignore_errors=True)

    def ready(self):
        return fastcgi.call(self.path, uri="/readyz").status == 200

    def wait_ready(self, seconds=5.0):
        wait_until(self.ready, seconds, "readiness")


class Setup:
    """What the cases share: the server, several processes on one database of it, a lone one and a stack on others.

    All are started before the first case. Some of the processes take the server for a replica set.
    """

    VIEWS = (False, True) * 4

    def __init__(self, server):
        self.server, self.started = server, time.monotonic()
        self.exits = contextlib.ExitStack()

    def __enter__(self):
        with self.exits:
            self.database = self.exits.enter_context(contextlib.closing(Database(self.server)))
            self.benches = [self.exits.enter_context(Bench(self.database, view)) for view in self.VIEWS]
            self.lone_database = self.exits.enter_context(contextlib.closing(Database(self.server)))
            self.lone = self.exits.enter_context(Bench(self.lone_database))
            self.world = self.exits.enter_context(World(self))
            self.exits = self.exits.pop_all()
        return self

    def __exit__(self, *_):
        self.exits.close()

    def age(self, seconds):
        """Waits until all of them have run for that long."""
        time.sleep(max(0.0, self.started + seconds - time.monotonic()))

    def left(self):
        """What is not as it must be, by the documents and by orgctl."""
        return self.database.faults() + [str(one) for one in findings(self.benches[0].orgd, self.database)]

    def recovery(self):
        """Waits until all that was begun is finished; (seconds, what is left)."""
        begin = time.monotonic()
        while self.database.faults() and time.monotonic() < begin + RECOVERY + 5 * SLACK:
            time.sleep(0.1)
        return time.monotonic() - begin, self.left()


class World:
    """A whole stack (nginx, orgd, proxy) on a database of its own."""

    def __init__(self, setup, replica_set=False, env=None):
        self.database = Database(setup.server)
        self.proxy = Proxy(self.database.uri, replica_set)
        self.stack = Stack(env={**behind(self.proxy, self.database), **(env or {})})

    def __enter__(self):
        self.stack.start()
        return self

    def __exit__(self, *_):
        self.stack.close()
        self.proxy.close()
        self.database.close()

    def findings(self):
        return findings(self.stack.orgd, self.database)


def orgctl(orgd, database, *arguments):
    """orgctl's answer as JSON; it speaks to the server without the proxy."""
    env = {**orgd.env, "MONGO_URI": database.uri}
    done = subprocess.run([ORGCTL, *arguments, "--json"], env=env, stdin=subprocess.DEVNULL, timeout=60,
                          capture_output=True, cwd=orgd.directory)
    if done.returncode not in (0, 1):
        raise AssertionError(f"orgctl {arguments}: {done}")
    return json.loads(done.stdout)


def findings(orgd, database):
    """What `orgctl store check` finds: {(word, subject)}."""
    found = orgctl(orgd, database, "store", "check")["findings"]
    return {(one["finding"], one["subject"]) for one in found}


def must_not_leak(orgd, *texts):
    """Neither the server's texts in answers (see Tenant) nor secrets in the log."""
    log = orgd.log()
    for text in (*texts, "$2b$", "Bearer ", orgd.env["JWT_SECRET_KEY"]):
        if text in log:
            raise AssertionError(f"in the log: {text!r}")
