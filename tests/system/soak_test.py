#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two orgd processes on one MongoDB store, killed with -9 every two seconds under mixed load; then all is judged.

ORGD_TEST_SOAK_SECONDS (20) says for how long, ORGD_TEST_SEED chooses what the clients do.
"""
import collections
import contextlib
import dataclasses
import itertools
import os
import random
import shutil
import sys
import threading
import time
from urllib.parse import quote

import fastcgi
import mongo_judge
import soak_history
from crash_world import State, fresh_state, patiently
from mongo_crash_world import ALONE, RECOVERY, findings_of_orgctl
from mongo_server import run_cases
from mongo_wire import MongoClient
from process import Orgd, short_directory
from soak_history import DONE, REFUSED, SEEN, SETTLED, UNKNOWN, UNSEEN, Event
from tap import case, equal, together

SECONDS = float(os.environ.get("ORGD_TEST_SOAK_SECONDS") or 20)
SEED = int(os.environ.get("ORGD_TEST_SEED") or 1)
KILL_EVERY = 2.0
CLIENTS, LINES = 12, 6          # lines that a client works on at a time
SHARED = 12                     # names, and as many emails, that all clients want
PAUSE = 0.004
SETTLE_AFTER = 1.0              # what a dead process had sent has arrived by then
LINE_NUMBERS, DOCUMENT_NUMBERS = itertools.count(1), itertools.count(1)
FIELDS = {"organization_name": "name", "email": "email", "password": "password"}
CHANGES = (("organization_name",), ("email",), ("password",), ("organization_name", "email", "password"))


class Line:
    def __init__(self):
        self.number, self.org_id, self.token, self.documents = next(LINE_NUMBERS), None, None, []
        self.possible, self.cut_at = {None}, None

    @property
    def state(self):
        """The one that is true; only while nothing is open."""
        state, = self.possible
        return state


class Service:
    """Both processes, the database, and the history."""

    def __init__(self, server):
        self.directory = short_directory()
        self.uri = server.uri(f"orgd_soak_{os.getpid()}")
        self.orgds = [self.process(name) for name in (("first",) if ALONE else ("first", "second"))]
        self.history, self.lock, self.kills, self.slowest = [], threading.Lock(), 0, 0.0
        self.stop = threading.Event()

    def process(self, name):
        lease = {"ORGD_TEST_LEASE_MS": os.environ["ORGD_TEST_LEASE_MS"]} if "ORGD_TEST_LEASE_MS" in os.environ else {}
        return Orgd(self.directory, name=name, env={"MONGO_URI": self.uri, "ORGD_WORKERS": "16",
                                                    "ORGD_HASH_QUEUE": "16", **lease})

    def __enter__(self):
        for orgd in self.orgds:
            orgd.start()
        return self

    def __exit__(self, *_):
        for orgd in self.orgds:
            orgd.close()
        with MongoClient(self.uri) as client:
            client.command(client.database, {"dropDatabase": 1})
        shutil.rmtree(self.directory, ignore_errors=True)

    def note(self, event):
        with self.lock:
            self.history.append(event)

    def kill_in_turn(self):
        chance, end = random.Random(SEED), time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(KILL_EVERY * (0.75 + chance.random() / 2))
            orgd = chance.choice(self.orgds)
            orgd.kill()
            orgd.start()
            self.kills += 1
        self.stop.set()


class Client:
    """One thread's requests, on lines of its own; names and emails it shares with the others."""

    def __init__(self, service, index):
        self.service, self.chance = service, random.Random(SEED * 1000 + index)
        self.lines, self.gone = [], collections.deque(maxlen=20)
        self.store = MongoClient(service.uri)

    def run(self):
        while not self.service.stop.is_set():
            self.step()
            time.sleep(PAUSE)

    def step(self):
        ripe = [line for line in self.lines if line.cut_at is not None and time.monotonic() > line.cut_at + SETTLE_AFTER]
        whole = [line for line in self.lines if line.cut_at is None]
        if ripe:
            self.try_to_settle(ripe[0])
        elif len(self.lines) < LINES:
            self.create()
        elif whole:
            act = self.chance.choice((self.get, self.get, self.log_in, self.write_documents, self.update, self.update,
                                      self.update, self.delete, self.look_for_gone))
            act(self.chance.choice(whole))

    # Requests

    def path(self):
        return self.chance.choice(self.service.orgds).socket_path

    def write(self, line, what, state, method, uri, body):
        """A request that leads the line to a state, if it is done."""
        begun = time.monotonic()
        answer = None
        with contextlib.suppress(fastcgi.Broken, ConnectionError):
            answer = fastcgi.call(self.path(), method, uri, body, token=line.token, timeout=20)
        event = Event(begun, time.monotonic(), line.number, what, UNKNOWN, state)
        self.take(line, event, answer)
        self.service.note(event)
        return event.tells

    @staticmethod
    def take(line, event, answer):
        if answer is not None and answer.status in (200, 201):
            event.tells, line.possible = DONE, {event.state}
            line.org_id = event.org_id = answer.json()["org_id"]
        elif answer is not None and answer.status != 503:
            event.tells, event.code = REFUSED, answer.json()["code"]
        elif answer is None or answer.json()["code"] == "store_unavailable":
            line.possible, line.cut_at = line.possible | {event.state}, event.ended
        else:
            event.tells, event.code = REFUSED, soak_history.BUSY  # overloaded: not begun

    def read(self, line, what, part, *request):
        """A request that changes nothing; it is repeated until it is answered."""
        begun = time.monotonic()
        answer = patiently(20, self.path(), *request)
        if answer.status not in (200, 401, 404):
            raise AssertionError(f"{request}: {answer}")
        found = answer.json() if answer.status == 200 else {}
        # A name or an email that is shared may be another's by now.
        seen = answer.status == 200 and (line.org_id is None or found["org_id"] == line.org_id)
        self.service.note(Event(begun, time.monotonic(), line.number, what, SEEN if seen else UNSEEN, part=part,
                                org_id=found["org_id"] if seen else None))
        return found if seen else None

    def get(self, line, state=None):
        name = (state or line.state).name
        return self.read(line, "get", {"name": name}, "GET", "/org/get?organization_name=" + quote(name))

    def log_in(self, line, state=None):
        state = state or line.state
        found = self.read(line, "login", {"email": state.email, "password": state.password},
                          "POST", "/admin/login", state.credentials())
        line.token = found and found["access_token"]
        return found

    def wanted(self):
        """A new state: its name and email are its own, or shared."""
        state = fresh_state()
        if self.chance.random() < 0.2:
            state = dataclasses.replace(state, name=f"Shared {self.chance.randrange(SHARED)}")
        if self.chance.random() < 0.2:
            state = dataclasses.replace(state, email=f"shared{self.chance.randrange(SHARED)}@example.org")
        return state

    def create(self):
        line, state = Line(), self.wanted()
        if self.write(line, "create", state, "POST", "/org/create", state.input()) != REFUSED:
            self.lines.append(line)

    def update(self, line):
        wanted, fields = self.wanted(), self.chance.choice(CHANGES)
        state = dataclasses.replace(line.state, **{FIELDS[field]: getattr(wanted, FIELDS[field]) for field in fields})
        if line.token is None and self.log_in(line) is None:
            return
        tells = self.write(line, "update", state, "PUT", "/org/update",
                           {field: getattr(wanted, FIELDS[field]) for field in fields})
        if tells == UNKNOWN or (tells == DONE and fields != ("organization_name",)):
            line.token = None

    def delete(self, line):
        state = line.state
        if line.token is None and self.log_in(line) is None:
            return
        if self.write(line, "delete", None, "DELETE", "/org/delete", None) == DONE:
            self.end(line, state)

    def end(self, line, state=None):
        self.lines.remove(line)
        line.token = None
        if state is not None:
            self.gone.append((line, state))

    def look_for_gone(self, _):
        """What was deleted is not seen again."""
        if self.gone:
            line, state = self.chance.choice(self.gone)
            self.chance.choice((self.get, self.log_in))(line, state)

    def write_documents(self, line):
        """As an outside program does, into the collection where it is."""
        document = {"_id": next(DOCUMENT_NUMBERS), "of": line.number}
        self.store.insert(self.store.database, collection_of(line.state), document)
        line.documents.append(document)

    # What became of a request that was cut off

    def is_settled(self, line):
        """Whether nothing is under way, by the database itself."""
        filter_ = {"slug": {"$in": [slug_of(state) for state in line.possible if state]}}
        return all(org["state"] == "active" for org in
                   self.store.find(self.store.database, "organizations", filter_))

    def try_to_settle(self, line):
        waited = time.monotonic() - line.cut_at
        if not self.is_settled(line):
            if waited > 2 * RECOVERY:
                raise AssertionError(f"not recovered after {waited:.0f} s: {line.possible}")
            time.sleep(0.05)
            return
        self.service.slowest = max(self.service.slowest, waited)
        self.settle(line)

    def settle(self, line):
        """Finds the one of its states that is true; what is not is seen nowhere."""
        begun, found = time.monotonic(), []
        for state in sorted(line.possible - {None}, key=str):
            login = self.log_in(line, state)
            line.org_id = login["org_id"] if login else line.org_id
            got = self.get(line, state) if login else None
            if got and got["organization_name"] == login["organization_name"] == state.name:
                found.append(state)
        if len(found) > 1 or not found and None not in line.possible:
            raise AssertionError(f"{found} of {line.possible} found")
        true = found[0] if found else None
        self.service.note(Event(begun, time.monotonic(), line.number, "settle", SETTLED, true))
        line.possible, line.cut_at, line.token = {true}, None, None
        if true is None:
            self.end(line)


def slug_of(state):
    return state.name.lower().replace(" ", "-")


def collection_of(state):
    return "org_" + slug_of(state)


# ---- The judgement ----

def actual_states(service, clients):
    """Every organization that there is, as it can be logged in to with a password that some client knows."""
    passwords = {state.email: state.password for client in clients for line in client.lines for state in line.possible}
    with MongoClient(service.uri) as store:
        snapshot = mongo_judge.Snapshot(store, store.database)
        found = []
        for org in snapshot.organizations.values():
            email = snapshot.admins[org["admin_id"]]["email"]
            state = State(org["organization_name"], email, passwords.get(email, "unknown to all"))
            answer = patiently(20, service.orgds[0].socket_path, "POST", "/admin/login", state.credentials())
            equal(answer.status, 200, f"login of {state}")
            found.append(state)
        return found


def lost_documents(service, clients):
    with MongoClient(service.uri) as store:
        for client in clients:
            for line in client.lines:
                there = {document["_id"] for document in store.find(store.database, collection_of(line.state))}
                if there != {document["_id"] for document in line.documents}:
                    yield f"line {line.number}: documents {line.documents} written, {sorted(there)} there"


def wait_for_recovery(service):
    begin = time.monotonic()
    while found := mongo_judge.findings(service.uri):
        if time.monotonic() > begin + RECOVERY:
            raise AssertionError("not recovered: " + ", ".join(map(str, found)))
        time.sleep(0.2)
    equal(findings_of_orgctl(service.orgds[0]), [], "findings of orgctl store check")
    return time.monotonic() - begin


def judge(service, clients):
    recovery = wait_for_recovery(service)
    for client in clients:
        for line in [line for line in client.lines if line.cut_at is not None]:
            client.settle(line)
    anomalies, spans_of = soak_history.check(service.history)
    anomalies += soak_history.check_end(spans_of, actual_states(service, clients))
    anomalies += lost_documents(service, clients)
    counts = collections.Counter((event.what, event.tells) for event in service.history)
    writes = sum(count for (what, _), count in counts.items() if what in ("create", "update", "delete"))
    cut = sum(count for (_, tells), count in counts.items() if tells == UNKNOWN)
    documents = sum(len(line.documents) for client in clients for line in client.lines)
    print(f"# {len(service.history)} operations ({writes} writes, {cut} of them cut off), {service.kills} kills, "
          f"{len(anomalies)} anomalies; {documents} documents in {sum(len(client.lines) for client in clients)} "
          f"organizations at the end; slowest recovery {service.slowest:.1f} s, the last one {recovery:.1f} s; seed {SEED}")
    busy = sum(event.code == soak_history.BUSY for event in service.history)
    print(f"# {busy} answers organization_busy, "
          f"{sum(event.code in soak_history.HELD for event in service.history)} that a name or an email is taken")
    for anomaly in anomalies[:20]:
        print("#", anomaly)
    equal(len(anomalies), 0, "anomalies")
    if cut < service.kills / 4:
        raise AssertionError("too few writes were under way when it was killed: this proves nothing")


@case
def soak(server):
    """two processes killed every two seconds under mixed load: what is acknowledged holds, all else is all or nothing"""
    with Service(server) as service:
        clients = [Client(service, index) for index in range(CLIENTS)]

        def guarded(client):
            try:
                client.run()
            except BaseException:
                service.stop.set()
                raise
        together([service.kill_in_turn, *(lambda client=client: guarded(client) for client in clients)])
        judge(service, clients)


# ---- The judge of histories is judged ----

A, B = State("A", "a@example.org", "one"), State("B", "a@example.org", "one")


def of_line(*rows, line=1):
    return [Event(number, number + 0.5, line, *row) for number, row in enumerate(rows)]


LIES = {
    "an acknowledged create is gone": of_line(("create", DONE, A), ("get", UNSEEN, None, {"name": "A"})),
    "a deleted one is seen": of_line(("create", DONE, A), ("delete", DONE, None), ("get", SEEN, None, {"name": "A"})),
    "an acknowledged rename is undone": of_line(("create", DONE, A), ("update", DONE, B), ("settle", SETTLED, A)),
    "a cut rename gives a third state": of_line(("create", DONE, A), ("update", UNKNOWN, B), ("settle", SETTLED, None)),
    "a settled one changes by itself": of_line(("create", DONE, A), ("update", UNKNOWN, B), ("settle", SETTLED, A),
                                               ("get", SEEN, None, {"name": "B"})),
    "a free name is said to be taken": of_line(("create", REFUSED, A, None, "organization_exists")),
    "a good token is refused": of_line(("create", DONE, A), ("update", REFUSED, B, None, "invalid_token")),
    "an id is used twice": [*of_line(("create", DONE, A, None, None, "x")),
                            *of_line(("create", DONE, B, None, None, "x"), line=2)],
}
TRUE = of_line(("create", UNKNOWN, A), ("get", UNSEEN, None, {"name": "A"}), ("get", SEEN, None, {"name": "A"}),
               ("settle", SETTLED, A), ("update", UNKNOWN, B), ("get", SEEN, None, {"name": "A"}),
               ("settle", SETTLED, B), ("update", REFUSED, A, None, "organization_busy"), ("delete", DONE, None),
               ("login", UNSEEN, None, {"email": "a@example.org", "password": "one"}))


@case
def judge_of_histories(_):
    """the judge of the history finds each kind of lie, and none in a true one"""
    for what, events in LIES.items():
        if not soak_history.check(events)[0]:
            raise AssertionError(f"not found: {what}")
    anomalies, spans_of = soak_history.check(TRUE)
    equal(anomalies, [], "anomalies of a true history")
    equal(soak_history.check_end(spans_of, []), [], "anomalies of its end")
    equal(len(soak_history.check_end(spans_of, [A, A])), 4, "anomalies of an end that has one too many, twice")


if __name__ == "__main__":
    sys.exit(run_cases("two processes killed under load"))
