# SPDX-License-Identifier: Apache-2.0
"""What orgd relies on, checked on each MongoDB-speaking server that the tests can have here: where one of
them does otherwise, the tests of orgd on it would prove nothing. What is known of one is told, and is no failure."""
import contextlib
import itertools
import secrets
import subprocess
import sys
import threading
import uuid

import tap
from mongo_server import SCRIPT, MongoServer, NoServer
from mongo_wire import CommandError, MongoClient
from tap import equal, together

THREADS = 16
NAMESPACE_NOT_FOUND, NAMESPACE_EXISTS, ILLEGAL, UUID_MISMATCH, DUPLICATE = 26, 48, 20, 361, 11000
INVALID_OPTIONS = 72
CHECKS = []


class Engine:
    """A running server; each check uses a database of its own on it."""

    def __init__(self, name, server):
        self.name, self.server = name, server
        self.database = ""

    def client(self):
        return Client(self.server.uri(self.database), self.database)


class Client(MongoClient):
    """A client of one database."""

    def __init__(self, uri, database):
        super().__init__(uri)
        self.db = database

    def run(self, **command):
        return self.command(self.db, command)

    def rename_to(self, source, target, **options):
        return self.command("admin", {"renameCollection": f"{self.db}.{source}", "to": f"{self.db}.{target}",
                                      **options})

    def documents(self):
        return {name: documents for name, (_, documents) in self.content().items()}

    def content(self):
        """All that the database holds: {name: (UUID, documents)}."""
        return {name: (number, sorted(self.find(self.db, name), key=lambda one: one["_id"]))
                for name, number in self.collections(self.db).items()}


def check(*others):
    """Registers a check; the others are the servers that are known to fail it."""
    def register(function):
        CHECKS.append((function, others))
        return function
    return register


def code_of(action, *arguments, **options):
    """None when it was done, otherwise the server's code."""
    try:
        action(*arguments, **options)
        return None
    except CommandError as fault:
        return fault.code if fault.code is not None else fault.text


def race(engine, action, count=THREADS):
    """The codes of action(client, number), run at once on a connection each, opened before."""
    clients = [engine.client() for _ in range(count)]
    for client in clients:
        client.run(ping=1)
    codes = together([lambda n=n: code_of(action, clients[n], n) for n in range(count)])
    for client in clients:
        client.close()
    return codes


def winners(codes):
    return codes.count(None)


@check()
def speaks(engine, client):
    """it speaks the protocol of MongoDB 6.0 or newer, and takes orders as a primary"""
    answer = client.run(hello=1)
    assert answer["isWritablePrimary"] and answer["maxWireVersion"] >= 17, answer
    assert int(client.run(buildInfo=1)["version"].split(".")[0]) >= 6, "version"
    equal(client.command("admin", {"isMaster": 1})["ismaster"], True, "isMaster")


@check()
def numbers(engine, client):
    """a collection has a UUID, however it came to be, that a rename keeps and a new one of its name has not"""
    client.run(create="made")
    client.insert(client.db, "inserted", {"_id": 1})
    client.run(createIndexes="indexed", indexes=[{"key": {"x": 1}, "name": "x"}])
    before = client.collections(client.db)
    equal(sorted(before), ["indexed", "inserted", "made"], "collections")
    assert all(isinstance(number, uuid.UUID) for number in before.values()), before
    equal(len(set(before.values())), 3, "different UUIDs")
    client.rename_to("inserted", "renamed")
    client.drop(client.db, "made")
    client.run(create="made")
    after = client.collections(client.db)
    equal(sorted(after), ["indexed", "made", "renamed"], "collections after")
    equal(after["renamed"], before["inserted"], "UUID after the rename")
    equal(after["indexed"], before["indexed"], "UUID of a bystander")
    assert after["made"] not in before.values(), "the same UUID again"


@check()
def listing(engine, client):
    """listCollections filters by name, names and pattern, and gives names only when asked to"""
    for name in ("org_a", "org_b", "tmp_a", "a_tmp_"):
        client.run(create=name)

    def names(wanted, **options):
        cursor = client.run(listCollections=1, filter={"name": wanted}, **options)["cursor"]
        equal(cursor["id"], 0, "cursor")
        return sorted(one["name"] for one in cursor["firstBatch"])

    equal(names("org_a"), ["org_a"], "by name")
    equal(names("org"), [], "by a name that is not there")
    equal(names({"$in": ["org_b", "tmp_a", "none"]}), ["org_b", "tmp_a"], "by names")
    equal(names({"$regex": "^tmp_"}), ["tmp_a"], "by pattern")
    equal(names({"$regex": "^tmp_"}, nameOnly=True), ["tmp_a"], "names only")
    only = client.run(listCollections=1, filter={"name": "org_a"}, nameOnly=True)["cursor"]["firstBatch"]
    assert "info" not in only[0], only


@check("ferretdb")
def compares(engine, client):
    """a rename or drop of a collection with another UUID than it names is refused with 361, and changes nothing"""
    client.insert(client.db, "a", [{"_id": n} for n in range(10)])
    client.run(create="b")
    before, other = client.content(), uuid.uuid4()
    for wrong in (other, before["b"][0]):
        equal(code_of(client.rename_to, "a", "c", collectionUUID=wrong), UUID_MISMATCH, "rename")
        equal(code_of(client.run, drop="a", collectionUUID=wrong), UUID_MISMATCH, "drop")
    equal(code_of(client.rename_to, "none", "c", collectionUUID=other), UUID_MISMATCH, "rename of none")
    equal(code_of(client.run, drop="none", collectionUUID=other), UUID_MISMATCH, "drop of none")
    equal(client.content(), before, "content")
    client.rename_to("a", "c", collectionUUID=before["a"][0])
    client.run(drop="b", collectionUUID=before["b"][0])
    equal(client.content(), {"c": before["a"]}, "content afterwards")


@check()
def refuses(engine, client):
    """a rename without a source, onto another or onto itself is refused with mongod's code, and changes nothing"""
    client.insert(client.db, "a", [{"_id": n} for n in range(10)])
    client.run(create="b")
    before = client.content()
    equal(code_of(client.rename_to, "none", "c"), NAMESPACE_NOT_FOUND, "rename of none")
    equal(code_of(client.rename_to, "a", "b"), NAMESPACE_EXISTS, "rename onto another")
    equal(code_of(client.rename_to, "a", "a"), ILLEGAL, "rename onto itself")
    equal(client.content(), before, "content")


@check("ferretdb")
def read_concerns(engine, client):
    """what reads documents takes a read concern, all else refuses every one but "local" and does nothing"""
    majority = {"level": "majority"}
    client.insert(client.db, "a", {"_id": 1})
    client.run(find="a", readConcern=majority)
    client.run(count="a", readConcern=majority)
    before = client.content()
    for command in ({"ping": 1}, {"isMaster": 1}, {"buildInfo": 1}, {"dbStats": 1}, {"listCollections": 1},
                    {"listIndexes": "a"}, {"create": "b"}, {"drop": "a"}):
        equal(code_of(client.run, **command, readConcern=majority), INVALID_OPTIONS, f"{command}")
    equal(client.content(), before, "content")


@check("ferretdb", "mongod")
def repeats(engine, client):
    """to create what is there and to drop what is not are refused, as up to MongoDB 6.0"""
    client.insert(client.db, "a", {"_id": 1})
    before = client.content()
    equal(code_of(client.run, create="a"), NAMESPACE_EXISTS, "create")
    equal(code_of(client.run, drop="none"), NAMESPACE_NOT_FOUND, "drop")
    equal(client.content(), before, "content")


@check("ferretdb")
def finds_nothing(engine, client):
    """neither an update nor a findAndModify of what is not there creates a collection"""
    equal(client.update(client.db, "none", {"_id": 1}, {"$set": {"x": 1}}), 0, "matched")
    equal(client.run(findAndModify="none", query={"_id": 1}, update={"$set": {"x": 1}}).get("value"), None, "value")
    equal(client.collections(client.db), {}, "collections")


@check()
def one_source(engine, client):
    """of 16 renames of one collection one is done, and its documents are all there"""
    documents = [{"_id": n} for n in range(50)]
    for number in range(20):
        client.insert(client.db, "source", documents)
        codes = race(engine, lambda one, n: one.rename_to("source", f"to_{number}_{n}"))
        equal(winners(codes), 1, f"winners of {codes}")
        target = f"to_{number}_{codes.index(None)}"
        equal(client.documents(), {target: documents}, "documents")
        client.drop(client.db, target)


@check("ferretdb")
def one_target(engine, client):
    """of 16 renames to one name one is done, the others are refused and lose nothing"""
    for _ in range(20):
        for n in range(THREADS):
            client.insert(client.db, f"from_{n}", {"_id": n})
        codes = race(engine, lambda one, n: one.rename_to(f"from_{n}", "target"))
        equal((winners(codes), codes.count(NAMESPACE_EXISTS)), (1, THREADS - 1), f"winners and refusals of {codes}")
        wanted = {f"from_{n}" if codes[n] else "target": [{"_id": n}] for n in range(THREADS)}
        equal(client.documents(), wanted, "documents")
        for name in wanted:
            client.drop(client.db, name)


def one_wins_each_round(engine, act):
    """Of 25 rounds of act(client, round), which tells whether it won."""
    several = 0
    for number in range(25):
        won = []
        race(engine, lambda one, n: act(one, number) and won.append(n))
        assert won, "nobody won"
        several += len(won) > 1
    equal(several, 0, "rounds of 25 with several winners")


@check("ferretdb")
def compare_and_set(engine, client):
    """of 16 updates that compare and set one is done"""
    client.insert(client.db, "o", [{"_id": "x", "ver": 0}, *({"_id": str(n), "ver": -1} for n in range(20))])
    one_wins_each_round(engine, lambda one, number: one.update(
        one.db, "o", {"_id": "x", "ver": number}, {"$set": {"ver": number + 1}}))
    equal(client.find_one(client.db, "o", {"_id": "x"}), {"_id": "x", "ver": 25}, "document")


@check("ferretdb")
def find_and_modify(engine, client):
    """of 16 findAndModify that compare and set one is done"""
    client.insert(client.db, "o", {"_id": "x", "ver": 0})
    one_wins_each_round(engine, lambda one, number: one.run(
        findAndModify="o", query={"_id": "x", "ver": number}, update={"$set": {"ver": number + 1}}).get("value"))


@check()
def deletes(engine, client):
    """of 16 deletes of one document one is done"""
    client.insert(client.db, "o", [{"_id": n} for n in range(25)])
    one_wins_each_round(engine, lambda one, number: one.delete(one.db, "o", {"_id": number}))
    equal(client.find(client.db, "o"), [], "documents")


@check("ferretdb")
def counts(engine, client):
    """no increment of 16 writers is lost"""
    client.insert(client.db, "o", {"_id": "x", "n": 0})
    race(engine, lambda one, n: [one.update(one.db, "o", {"_id": "x"}, {"$inc": {"n": 1}}) for _ in range(50)])
    equal(client.find_one(client.db, "o")["n"], THREADS * 50, "increments kept")


@check()
def inserts(engine, client):
    """of 16 inserts of one _id, or of one value of a unique index, one is done and the others are duplicates"""
    client.run(createIndexes="u", indexes=[{"key": {"email": 1}, "name": "email", "unique": True}])
    for number in range(25):
        for action in (lambda one, n: one.insert(one.db, "o", {"_id": number, "by": n}),
                       lambda one, n: one.insert(one.db, "u", {"_id": f"{number} {n}", "email": number})):
            codes = race(engine, action)
            equal((winners(codes), codes.count(DUPLICATE)), (1, THREADS - 1), f"winners and losers of {codes}")
    equal((client.count(client.db, "o"), client.count(client.db, "u")), (25, 25), "documents")


@check()
def finds(engine, client):
    """a document is found by each of its fields, indexed or not, as it is now and not as it was"""
    client.run(createIndexes="o", indexes=[{"key": {"slug": 1}, "name": "slug"}])
    client.insert(client.db, "o", [{"_id": n, "slug": f"s{n % 10}", "state": n % 3} for n in range(60)])
    equal(client.update(client.db, "o", {"slug": "s1", "state": 0}, {"$set": {"slug": "s2"}}, many=True), 2, "moved")
    equal(client.delete(client.db, "o", {"slug": "s2", "state": 1}), 2, "deleted")
    client.insert(client.db, "o", {"_id": 60, "slug": "s1", "state": 0})

    def found(filter):
        return [one["_id"] for one in client.find(client.db, "o", filter, sort={"_id": 1})]

    equal(found({"slug": "s1"}), [1, 11, 31, 41, 60], "by slug 1")
    equal(found({"slug": "s2"}), [2, 12, 21, 32, 42, 51], "by slug 2")
    equal(found({"slug": "s2", "state": 0}), [12, 21, 42, 51], "by slug and state")
    equal(found({"_id": 12, "state": 1}), [], "by _id and what it is not")
    equal(found({"slug": {"$in": ["s1", "s2"]}, "state": 2}), [2, 11, 32, 41], "by slugs and state")
    equal(found({"$or": [{"_id": 3}, {"slug": "s1"}]}), [1, 3, 11, 31, 41, 60], "by either")


class Meanwhile:
    """Functions that run over and over, each in a thread and on a connection of its own, while a with block does."""

    def __init__(self, engine, *actions):
        self.engine, self.actions = engine, actions
        self.over, self.faults, self.turns = threading.Event(), [], [0] * len(actions)

    def __enter__(self):
        self.threads = [threading.Thread(target=self.loop, args=row) for row in enumerate(self.actions)]
        for thread in self.threads:
            thread.start()
        return self

    def loop(self, place, action):
        try:
            with self.engine.client() as client:
                for turn in itertools.count(1):
                    if self.over.is_set() and turn > 1:
                        return
                    action(client, turn)
                    self.turns[place] = turn
        except Exception as fault:
            self.faults.append(fault)

    def __exit__(self, kind, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if kind is None and self.faults:
            raise self.faults[0]


def whole(documents):
    """No document is half of one write and half of another; all of a collection, or it was not there."""
    equal(len(documents) in (0, 50), True, f"{len(documents)} documents")
    equal([one["_id"] for one in documents if one["first"] != one["last"]], [], "torn documents")


@check("ferretdb")
def reads(engine, client):
    """who reads while others rename and write sees whole documents, and all of them or no collection"""
    client.insert(client.db, "a", [{"_id": n, "first": 0, "between": "x" * 20000, "last": 0} for n in range(50)])

    def write(one, turn):
        updates = [{"q": {}, "u": {"$set": {"first": number, "last": number}}, "multi": True} for number in range(5)]
        for name in ("a", "b"):
            one.run(update=name, updates=updates)

    def read(one, _):
        for name in ("a", "b"):
            whole(one.find(one.db, name))

    with Meanwhile(engine, write, read, read, read) as meanwhile:
        for source, target in [("a", "b"), ("b", "a")] * 40:
            client.rename_to(source, target)
    assert min(meanwhile.turns) > 5, meanwhile.turns
    whole(client.find(client.db, "a"))


@check()
def lists(engine, client):
    """who lists collections while one is renamed sees it once, with its UUID"""
    client.run(create="a")
    wanted = set(client.collections(client.db).values())

    def look(one, _):
        seen = one.collections(one.db)
        equal((len(seen), set(seen.values())), (1, wanted), f"collections {list(seen)}")

    with Meanwhile(engine, look, look):
        for source, target in [("a", "b"), ("b", "a")] * 150:
            client.rename_to(source, target)


@check("ferretdb")
def keeps(engine, client):
    """no acknowledged insert is lost while its collection is renamed"""
    taken = []

    def write(one, turn):
        document = {"_id": f"{threading.get_ident()} {turn}"}
        one.insert(one.db, "a", document)
        taken.append(document["_id"])

    client.insert(client.db, "a", {"_id": "first"})
    with Meanwhile(engine, write, write, write):
        for number in range(150):
            code_of(client.rename_to, "a", f"moved_{number}")
    kept = [one["_id"] for _, documents in client.content().values() for one in documents]
    equal(sorted(kept), sorted([*taken, "first"]), "documents")


def case_of(engine, function, others):
    """function for the engine, in a database of its own."""
    def bound():
        engine.database = "check_" + secrets.token_hex(6)
        with engine.client() as client:
            try:
                function(engine, client)
            except (AssertionError, CommandError, OSError) as fault:
                if engine.name not in others:
                    raise
                print(f"# known of {engine.name}: {fault}")
            client.run(dropDatabase=1)
    bound.__name__ = f"{engine.name}_{function.__name__}"
    bound.__doc__ = f"{engine.name}: {tap.title(function)}"
    tap.case(bound)


def main():
    """On java, which script/mongo makes of nothing, and on each server that it can have here besides."""
    here = subprocess.run([SCRIPT, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    try:
        with contextlib.ExitStack() as stack:
            for name in dict.fromkeys(["java", *here]):
                engine = Engine(name, stack.enter_context(MongoServer(name)))
                for row in CHECKS:
                    case_of(engine, *row)
            return tap.main()
    except NoServer:
        print("1..1\nok 1 # SKIP no MongoDB-speaking server")
        return 0


if __name__ == "__main__":
    sys.exit(main())
