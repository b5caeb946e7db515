# SPDX-License-Identifier: Apache-2.0
"""orgctl backup and restore on MongoDB: an SQLite file with everything, and back into an empty database of either kind."""
import itertools
import os
import sys
import threading

import tap
from mongo_migrate_test import IDS, PASSWORD, VALUES, databases
from mongo_server import run_cases
from mongo_wire import MongoClient
from tap import case, equal


def filled(at):
    """A database with two organizations and documents; its URI."""
    uri = at.new()
    acme = at.create(uri, "Acme")
    at.create(uri, "Empty")
    at.insert(uri, acme, [{"_id": _id, **VALUES} for _id in IDS])
    return uri


@case
def back_into_an_empty_database(server):
    """a backup is restored byte for byte, ids, passwords and documents, and the check finds nothing"""
    with databases(server) as at:
        first, second, path = filled(at), at.new(), at.world.path("backup.db")
        at.world.ok("backup", path, env={"MONGO_URI": first})
        equal(os.stat(path).st_mode & 0o777, 0o600, "mode")
        equal([name for name in os.listdir(os.path.dirname(path)) if name.startswith("backup.db")], ["backup.db"])
        at.world.ok("restore", path, "-y", env={"MONGO_URI": second})
        equal(at.contents(second), at.contents(first), "what came back")
        equal(at.world.ok("store", "check", env={"MONGO_URI": second}).out, "nothing found\n")


@case
def of_either_kind(server):
    """the backup of a MongoDB is a database for SQLite, and a backup of SQLite fills a MongoDB"""
    with databases(server) as at:
        first, path = filled(at), at.world.path("backup.db")
        at.world.ok("backup", path, env={"MONGO_URI": first})
        equal(at.world.ok("org", "list", env={"ORGD_STORE": "sqlite:" + path}).out.count("acme"), 1)
        own, target = at.sqlite("own.db"), at.new()
        at.world.ok("org", "create", "Zorn", "--email", "z@x.org", input=PASSWORD + "\n", env={"ORGD_STORE": own})
        at.world.ok("backup", at.world.path("own.backup"), env={"ORGD_STORE": own})
        at.world.ok("restore", at.world.path("own.backup"), "-y", env={"MONGO_URI": target})
        equal([org["slug"] for org, _ in at.accounts(target)], ["zorn"])


@case
def not_over_others(server):
    """a database with anything else in it, and a file that is no backup, are refused, and nothing is changed"""
    with databases(server) as at:
        first, path = filled(at), at.world.path("backup.db")
        at.world.ok("backup", path, env={"MONGO_URI": first})
        other = at.new()
        at.create(other, "Other")
        before = at.contents(other)
        equal(at.world.run("restore", path, "-y", "--json", env={"MONGO_URI": other}).json["error"], "store_not_empty")
        equal(at.contents(other), before)
        strange = at.world.path("strange")
        with open(strange, "w") as file:
            file.write("root:x:0:0:root:/root:/bin/sh\n" * 100)
        equal(at.world.run("restore", strange, "-y", env={"MONGO_URI": at.new()}).status, 1, "status of a strange file")
        with open(strange) as file:
            equal(file.read(4), "root", "what the strange file was")


@case
def nothing_is_overwritten(server):
    """a store in use is not filled again; what was cut off is gone on with, if asked for, and overwrites nothing"""
    with databases(server) as at:
        first, second, path = filled(at), at.new(), at.world.path("backup.db")
        at.world.ok("backup", path, env={"MONGO_URI": first})
        at.world.ok("restore", path, "-y", env={"MONGO_URI": second})
        with MongoClient(second) as client:
            def documents():
                return len(client.find(client.database, "org_acme"))
            count = documents()
            client.delete(client.database, "org_acme", {"_id": IDS[0]})
            refused = at.world.run("restore", path, "-y", "--json", env={"MONGO_URI": second})
            equal((refused.status, refused.json["error"], documents()), (1, "store_not_empty", count - 1))
            at.world.ok("restore", path, "--resume", "-y", env={"MONGO_URI": second})
            equal(at.contents(second), at.contents(first), "after it was gone on with")
            client.update(client.database, "org_acme", {"_id": IDS[0]}, {"$set": {"new": True}})
            before = at.contents(second)
            refused = at.world.run("restore", path, "--resume", "-y", "--json", env={"MONGO_URI": second})
            equal((refused.status, refused.json["error"]), (1, "documents_differ"))
            equal(at.contents(second), before, "a document that was changed since")


@case
def beside_a_busy_service(server):
    """while organizations are renamed a backup succeeds, and has each of them once"""
    with databases(server) as at:
        uri, path = at.new(), at.world.path("backup.db")
        slug = [at.create(uri, f"Org{number}")["slug"] for number in range(6)][0]
        done = threading.Event()

        def rename(slug=slug):
            for turn in itertools.count():
                if done.is_set():
                    return turn
                at.world.ok("org", "rename", slug, f"Z{turn}", env={"MONGO_URI": uri})
                slug = f"z{turn}"

        def back_up():
            try:
                for number in range(4):
                    at.world.ok("backup", f"{path}.{number}", env={"MONGO_URI": uri})
            finally:
                done.set()

        assert tap.together([rename, back_up])[0] > 0, "nothing was renamed"
        for number in range(4):
            listed = at.world.ok("org", "list", "--json", env={"ORGD_STORE": f"sqlite:{path}.{number}"}).json
            equal(len({org["org_id"] for org in listed["organizations"]}), 6, "organizations")


if __name__ == "__main__":
    tap.CASES[:] = [function for function in tap.CASES if function.__module__ == "__main__"]
    sys.exit(run_cases("backup and restore on MongoDB"))
