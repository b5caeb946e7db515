# SPDX-License-Identifier: Apache-2.0
"""orgctl store migrate between SQLite and MongoDB: documents come back byte for byte, and what cannot go is said."""
import contextlib
import datetime
import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid

import mongo_bson as bson
from mongo_server import run_cases
from mongo_wire import MongoClient
from orgctl_support import ORGCTL, PASSWORD, World
from tap import case, equal

NUMBERS = itertools.count(1)
HEX = "0123456789abcdef01234567"
DATE = datetime.datetime(2024, 2, 29, 12, 0, 0, 123000, tzinfo=datetime.timezone.utc)
# A document of each type, under an _id of each type; some look like others in text.
VALUES = {
    "z": 1, "a": bson.Int64(1), "double": 0.1, "whole": 2.0, "negative zero": -0.0, "large": 2 ** 53 + 1,
    "infinite": float("-inf"), "text": "käse \U0001f600 \" \\ \n \x01", "empty": "", "true": True, "nothing": None,
    "date": DATE, "old": datetime.datetime(1583, 1, 1, tzinfo=datetime.timezone.utc), "id": bson.ObjectId(HEX),
    "bytes": b"\0\xff", "uuid": uuid.UUID(int=7), "regex": re.compile("^a.*b$", re.IGNORECASE | re.MULTILINE),
    "stamp": bson.Timestamp(5 << 32 | 6), "list": [1, [2.5, {"x": []}], "x"], "nested": {"b": {"x": 1}, "a": {}},
}
IDS = [bson.ObjectId(HEX), bson.ObjectId(), "plain", HEX, HEX.upper(), "{", '{"_id": 1}', "", "ä", 5, 7.5, DATE,
       uuid.UUID(int=9), {"a": 1, "b": "x"}, True, "a\0b"]


class Databases:
    """A World for orgctl, and databases on the server that are dropped at the end."""

    def __init__(self, server, world):
        self.server, self.world, self.uris = server, world, []

    def new(self):
        self.uris.append(self.server.uri(f"orgd-migrate-{os.getpid()}-{next(NUMBERS)}"))
        return self.uris[-1]

    def sqlite(self, name="copy.db"):
        return "sqlite:" + self.world.path(name)

    def migrate(self, source, target, status=0):
        """The JSON that it ends with; MONGO_URI is one of the two, if any is."""
        result = self.world.run("store", "migrate", source, target, "--json")
        equal(result.status, status, f"{result}")
        return result.json

    def create(self, uri, name):
        return self.world.ok("org", "create", name, "--email", f"{name.lower()}@x.org", "--json",
                             input=PASSWORD + "\n", env={"MONGO_URI": uri}).json

    def insert(self, uri, organization, documents):
        with MongoClient(uri) as client:
            client.insert(client.database, organization["collection_name"], documents)

    def contents(self, uri):
        """{collection: sorted bytes of its documents} of organizations; their documents, but for what is the store's."""
        with MongoClient(uri) as client:
            tenants = {name: sorted(map(bson.encode, client.find(client.database, name)))
                       for name in client.collections(client.database) if name.startswith("org_")}
        return tenants, self.accounts(uri)

    def accounts(self, uri):
        env = {"MONGO_URI": uri}
        listed = self.world.ok("org", "list", "--json", env=env).json["organizations"]
        return [(org, self.world.ok("admin", "show", org["slug"], "--json", env=env).json) for org in listed]


@contextlib.contextmanager
def databases(server):
    with World() as world:
        for env in (world.env, world.orgd.env):
            env.pop("MONGO_URI", None)
        made = Databases(server, world)
        yield made
        for uri in made.uris:
            with MongoClient(uri) as client:
                client.command(client.database, {"dropDatabase": 1})


@case
def types_survive(server):
    """from MongoDB to SQLite and into another database every document is byte for byte what it was"""
    with databases(server) as at:
        first, second, third = at.new(), at.new(), at.new()
        acme, zorn = at.create(first, "Acme"), at.create(first, "Zorn")
        at.create(first, "Empty")
        at.insert(first, acme, [{"_id": _id, **VALUES} for _id in IDS])
        at.insert(first, zorn, [{"_id": bson.ObjectId(), "n": number} for number in range(2500)])
        out = at.migrate(first, at.sqlite())
        equal([out["organizations"], out["documents"]], [3, len(IDS) + 2500])
        connection = sqlite3.connect(at.world.path("copy.db"))
        equal(connection.execute("SELECT count(*), count(DISTINCT id) FROM documents WHERE org_id = ?",
                                 (acme["org_id"],)).fetchone(), (len(IDS), len(IDS)))
        for _, text in connection.execute("SELECT id, document FROM documents"):
            json.loads(text)
        connection.close()
        back = at.migrate(at.sqlite(), second)
        equal(back["documents_sum"], out["documents_sum"], "the checksum of the way back")
        equal(at.contents(second), at.contents(first), "what came back")
        direct = at.migrate(first, third)
        equal(direct["documents_sum"], out["documents_sum"], "the checksum of the direct way")
        equal(at.contents(third), at.contents(first), "what went directly")
        equal(at.migrate(at.sqlite(), second)["there_before"], 3, "a second run")
        equal(at.world.ok("store", "check", env={"MONGO_URI": second}).out, "nothing found\n")


@case
def mongodb_by_its_setting(server):
    """"mongodb" is where MONGO_URI says; logins and tokens of before are good there"""
    with databases(server) as at:
        uri, world = at.new(), at.world
        world.orgd.env["ORGD_STORE"] = at.sqlite("orgd.db")
        world.ok("org", "create", "Acme", "--email", "a@x.org", input=PASSWORD + "\n")
        token = world.start().login("a@x.org")
        equal(world.orgd.terminate(), 0)
        equal(world.ok("store", "migrate", at.sqlite("orgd.db"), "mongodb", "--json", env={"MONGO_URI": uri}).json["to"],
              "mongodb")
        del world.orgd.env["ORGD_STORE"]
        world.orgd.env["MONGO_URI"] = uri
        world.start()
        assert world.alive(token, "Acme"), "the token of before"
        assert world.login("a@x.org"), "login"


@case
def plain_documents(server):
    """plain JSON of SQLite becomes documents with their ids; what is no document is refused by name, and said where"""
    with databases(server) as at:
        target, world = at.new(), at.world
        world.ok("org", "create", "Acme", "--email", "a@x.org", input=PASSWORD + "\n",
                 env={"ORGD_STORE": at.sqlite("plain.db")})
        connection = sqlite3.connect(world.path("plain.db"), isolation_level=None)
        org, = connection.execute("SELECT org_id FROM organizations").fetchone()

        def put(id, text):
            connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (org, id, text))
        put(HEX, '{"n": 1, "x": [1.5, null, "y"]}')
        put("a", '{ "n" : 5000000000 }')
        put("b", '{"_id":"b","n":{"$numberLong":"1"}}')
        at.migrate(at.sqlite("plain.db"), target)
        with MongoClient(target) as client:
            found = {str(one["_id"]): one for one in client.find(client.database, "org_acme")}
        equal(found, {HEX: {"_id": bson.ObjectId(HEX), "n": 1, "x": [1.5, None, "y"]},
                      "a": {"_id": "a", "n": 5000000000}, "b": {"_id": "b", "n": bson.Int64(1)}})
        equal([next(iter(one)) for one in found.values()], ["_id"] * 3, "first members")
        for text in ("[1]", "text", "", '{"_id": "other"}', '{"a": ', '{"x": {"$oid": "z"}}',
                     '{"$bson": {"$binary": {"base64": "BQAAAAA=", "subType": "00"}}}'):
            put("wrong", text)
            result = world.run("store", "migrate", at.sqlite("plain.db"), target, "--json")
            equal((result.status, result.json["error"]), (1, "document_invalid"), f"{text}: {result}")
            assert "wrong" in result.err and '"Acme"' in result.json["message"], result
        put("wrong", "{}")
        equal(at.migrate(at.sqlite("plain.db"), target)["documents"], 4)


@case
def documents_that_text_cannot_tell(server):
    """documents with keys of Extended JSON, or of many levels, go to SQLite as bytes, and come back as they were"""
    with databases(server) as at:
        source, target = at.new(), at.new()
        acme = at.create(source, "Acme")
        deep = {"x": 1}
        for _ in range(60):
            deep = {"a": [deep]}
        documents = [{"_id": number, "v": value} for number, value in enumerate([
            {"$": 1}, {"$numberInt": "5"}, {"$numberInt": 5, "x": 1}, {"$regex": "^a", "$options": "i"}, {"$date": "2020"},
            {"$oid": "x"}, {"$binary": "AA==", "$type": "00"}, {"$undefined": True}, {"$code": "x"}, {"$bson": b"x"}, deep])]
        documents += [{"_id": {"$oid": "x"}}, {"_id": "bytes", "$bson": b"\5\0\0\0\0"}, {"_id": {"$bson": b"\5\0\0\0\0"}}]
        at.insert(source, acme, documents)
        out = at.migrate(source, at.sqlite())
        connection = sqlite3.connect(at.world.path("copy.db"))
        equal([len(json.loads(text)) > 0 for text, in connection.execute("SELECT document FROM documents")],
              [True] * len(documents))
        connection.close()
        equal(at.migrate(at.sqlite(), target)["documents_sum"], out["documents_sum"], "the checksum of the way back")
        equal(at.contents(target), at.contents(source), "what came back")
        at.world.ok("backup", at.world.path("file"), env={"MONGO_URI": source})


@case
def killed_and_gone_on_with(server):
    """killed again and again on its way to MongoDB and back, it ends with everything"""
    with databases(server) as at:
        first, second = at.new(), at.new()
        for number in range(12):
            org = at.create(first, f"Org{number}")
            at.insert(first, org, [{"_id": one, "text": "x" * 100} for one in range(300)])
        wanted = at.contents(first)
        for source, target, repair in ((first, at.sqlite(), None), (at.sqlite(), second, second)):
            kills = 0
            for number in range(200):
                running = subprocess.Popen([ORGCTL, "store", "migrate", source, target], env=at.world.env,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
                time.sleep(min(0.01 * 1.08 ** number, 10))
                running.send_signal(signal.SIGKILL)
                status = running.wait(20)
                kills += status == -signal.SIGKILL
                if status == 0:
                    break
                if status == 1 and repair:
                    at.world.run("store", "check", "--repair", "--yes", env={"MONGO_URI": repair})
            assert kills > 3, f"killed {kills} times only"
            at.migrate(source, target)
        equal(at.contents(second), wanted, "what came back")


@case
def others_are_not_touched(server):
    """a database with organizations that are not in the source is refused, and nothing in it changed"""
    with databases(server) as at:
        source, target = at.new(), at.new()
        at.create(source, "Acme")
        other = at.create(target, "Other")
        at.insert(target, other, [{"_id": 1}])
        before = at.contents(target)
        result = at.migrate(source, target, 1)
        equal(result["error"], "store_not_empty")
        assert '"Other"' in result["message"], result
        equal(at.contents(target), before)


if __name__ == "__main__":
    sys.exit(run_cases("migration to MongoDB and back"))
