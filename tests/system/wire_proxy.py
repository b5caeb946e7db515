# SPDX-License-Identifier: Apache-2.0
"""A proxy between orgd and a MongoDB server that reads along, counts commands, and does damage when told.

It works on whole messages and in lock-step: one request, one answer. The streamed hello, which has many
answers, is never offered to the client. What it can do to a single command is in wire_faults.py.
"""
import collections
import contextlib
import dataclasses
import socket
import threading
import time

import mongo_bson as bson
import wire_faults
from mongo_wire import OP_MSG, Message, MongoClient
from wire_faults import Cut

PASS, REFUSE, HANG, NO_PRIMARY = "pass", "refuse", "hang", "no primary"
GREETINGS = {"hello", "ismaster"}
WRITES = {"insert", "update", "delete", "findandmodify", "create", "drop", "renamecollection", "createindexes"}
MORE_TO_COME = 2
SET_NAME = "rs0"
SESSION_FIELDS = {"lsid", "txnNumber", "$clusterTime"}


class Command:
    """A request as tests see it: the command's name in lower case, its collection, the whole document."""

    def __init__(self, message):
        self.message, self.body, self.at, self.fault = message, message.body or {}, time.monotonic(), None
        word = next(iter(self.body), "")
        self.name = word.lower()
        subject = self.body.get("collection" if self.name == "getmore" else word)
        self.collection = subject if isinstance(subject, str) else None
        if self.name == "renamecollection":
            self.collection = subject.split(".", 1)[1]

    @property
    def writes(self):
        return self.name in WRITES

    def __repr__(self):
        return f"<{self.name} {self.collection or ''} {self.fault or ''}>"


@dataclasses.dataclass
class Rule:
    """What happens to commands of these names: to the first `count` (None: all) after `skip`."""
    names: set
    collection: str
    kind: object
    count: int
    skip: int
    where: object
    seen: int = 0
    fired: int = 0

    def takes(self, command):
        if self.names and command.name not in self.names or self.collection not in (None, command.collection):
            return False
        if self.where is not None and not self.where(command):
            return False
        self.seen += 1
        due = self.seen > self.skip and (self.count is None or self.fired < self.count)
        self.fired += due
        return due


class Session:
    """What a replica set remembers of a client's session: its last write, and the answer if it was done."""

    def __init__(self):
        self.lock, self.number, self.answer = threading.Lock(), -1, None


class ReplicaSet:
    """Makes a lone server look like a replica set of one, and does what such a set does about retried writes."""

    def __init__(self):
        self.election = bson.ObjectId()
        self.sessions = collections.defaultdict(Session)

    def greeting(self, answer):
        more = {"setName": SET_NAME, "setVersion": 1, "electionId": self.election, "isWritablePrimary": True,
                "ismaster": True, "secondary": False, "logicalSessionTimeoutMinutes": 30}
        return {**answer, **more}

    def ask(self, upstream, request):
        """Applies a write once for each number of its session; the answer to a repeated one is the first one's."""
        body = {name: value for name, value in request.body.items() if name not in SESSION_FIELDS}
        plain = Message.of(body)
        plain.number = request.number
        if "txnNumber" not in request.body:
            return upstream.ask(plain)
        session, number = self.sessions[request.body["lsid"]["id"]], request.body["txnNumber"]
        with session.lock:
            if number < session.number:
                return Message.of(wire_faults.error_document(225), request.number)
            if number == session.number and session.answer is not None:
                return Message.of(session.answer, request.number)
            answer = upstream.ask(plain)
            done = answer.body.get("ok") and not answer.body.get("writeErrors")
            session.number, session.answer = number, answer.body if done else None
            return answer


class Upstream:
    """A connection to the server."""

    def __init__(self, address, replica_set):
        self.replica_set = replica_set
        self.connection = socket.create_connection(address, 10)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.settimeout(60)

    def ask(self, request):
        """The server's answer; None to a message that wants none."""
        self.connection.sendall(request.bytes())
        if request.opcode == OP_MSG and request.content[0] & MORE_TO_COME:
            return None
        answer = Message.read(self.connection)
        if answer is None:
            raise ConnectionError("the server closed the connection")
        return answer

    def ask_once(self, request):
        if self.replica_set is not None and request.opcode == OP_MSG:
            return self.replica_set.ask(self, request)
        return self.ask(request)

    def ask_and_close(self, request):
        with contextlib.suppress(OSError):
            self.ask_once(request)
        self.connection.close()


class Link:
    """A client's connection, served by a thread of its own, and the connection to the server that belongs to it."""

    def __init__(self, proxy, client):
        self.proxy, self.client, self.upstream = proxy, client, None
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        with contextlib.suppress(Cut, OSError):
            while (message := Message.read(self.client)) is not None:
                self.proxy.serve(self, Command(message))
        self.close()
        self.proxy.forget(self)

    def close(self):
        for connection in (self.client, self.upstream and self.upstream.connection):
            if connection is not None:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def cut(self):
        """From another thread: the client sees its connection end, and run() ends by that."""
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)

    def connect(self):
        if self.upstream is None:
            self.upstream = Upstream(self.proxy.target, self.proxy.replica_set)
        return self.upstream

    def ask(self, message):
        return self.connect().ask_once(message)

    def give_away_upstream(self):
        upstream, self.upstream = self.connect(), None
        return upstream

    def send(self, message):
        self.send_bytes(message.bytes())

    def send_bytes(self, data):
        self.client.sendall(data)

    def client_left(self):
        try:
            return self.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False

    def wait_for_client_to_leave(self):
        self.client.recv(1)
        raise Cut


def bound_listener():
    """A socket that keeps its port when it stops listening: for that the port must have been asked for by number."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else was quicker
            listener.bind(("127.0.0.1", port))
            return listener, f"127.0.0.1:{port}"
        listener.close()


class Proxy:
    """Listens on a loopback port that stays its own until close().

    mode: PASS; REFUSE (connections are cut and refused); HANG (no request is answered, connections are taken);
    NO_PRIMARY (as a replica set without one). log holds every Command but greetings, accepted counts connections.
    """

    def __init__(self, uri, pose_as_replica_set=False):
        parts = MongoClient(uri)
        self.target, self.database = parts.address, parts.database
        self.mode, self.rules, self.log, self.links, self.accepted = PASS, [], [], set(), 0
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.listener, self.address = bound_listener()
        self.replica_set = ReplicaSet() if pose_as_replica_set else None
        self._listen()

    @property
    def uri(self):
        options = f"?replicaSet={SET_NAME}" if self.replica_set else ""
        return f"mongodb://{self.address}/{self.database}{options}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.set_mode(REFUSE)
        self.listener.close()

    # What tests tell it

    def set_mode(self, mode):
        """Takes effect on the next message of every connection."""
        with self.changed:
            before, self.mode = self.mode, mode
            self.changed.notify_all()
        if mode == REFUSE and before != REFUSE:
            self._stop_listening()
            self.cut_all()
        elif before == REFUSE and mode != REFUSE:
            self._listen()

    @contextlib.contextmanager
    def in_mode(self, mode):
        self.set_mode(mode)
        try:
            yield
        finally:
            self.set_mode(PASS)

    def cut_all(self):
        """Ends every connection there is; new ones are welcome."""
        with self.lock:
            links = list(self.links)
        for link in links:
            link.cut()

    def fault(self, names=None, collection=None, kind=wire_faults.lose_answer, count=1, skip=0, where=None):
        """Adds a rule. names: a command's name, a set of them, None for all; where: a function of the Command."""
        names = {names} if isinstance(names, str) else set(names or ())
        rule = Rule({name.lower() for name in names}, collection, kind, count, skip, where)
        with self.lock:
            self.rules.append(rule)
        return rule

    @contextlib.contextmanager
    def faulty(self, names=None, collection=None, **rule):
        """A rule for the time of a block: see fault()."""
        try:
            yield self.fault(names, collection, **rule)
        finally:
            self.clear()

    def clear(self):
        """Takes all rules away."""
        with self.lock:
            self.rules.clear()

    @contextlib.contextmanager
    def recording(self):
        """A list that is filled with the commands that came inside the block, when it ends."""
        begin, commands = len(self.log), []
        yield commands
        with self.lock:
            commands += self.log[begin:]

    def counts(self, commands=None):
        """{(name, collection): how many}."""
        with self.lock:
            return collections.Counter((one.name, one.collection) for one in commands or list(self.log))

    # What happens to connections and messages

    def _listen(self):
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def _stop_listening(self):
        """The port stays bound, so that nobody else can take it; connections are refused by the kernel."""
        self.listener.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            link = Link(self, client)
            with self.lock:
                self.links.add(link)
                self.accepted += 1
            if self.mode == REFUSE:
                link.cut()
            link.thread.start()

    def forget(self, link):
        with self.lock:
            self.links.discard(link)

    def serve(self, link, command):
        if command.name in GREETINGS:
            self.obey_mode(link)
            return link.send(self._greeting(link.ask(command.message), command))
        with self.lock:
            self.log.append(command)
            rule = next((rule for rule in self.rules if rule.takes(command)), None)
        self.obey_mode(link)
        if self.mode == NO_PRIMARY:
            kind = wire_faults.error_before(10107 if command.writes else 13435)
        else:
            kind = rule.kind if rule else wire_faults.pass_on
        command.fault = rule and rule.kind.__name__
        return kind(link, command)

    def obey_mode(self, link):
        """Returns when the mode allows to go on; raises Cut if the client has left by then."""
        if self.mode != HANG:
            return
        with self.changed:
            self.changed.wait_for(lambda: self.mode != HANG)
        if link.client_left():
            raise Cut

    def _greeting(self, answer, command):
        """What the server says of itself, with the proxy's address for its own."""
        body = {name: value for name, value in answer.body.items() if name != "topologyVersion"}
        if self.replica_set and body.get("ok"):
            body = self.replica_set.greeting(body)
        if "setName" in body:
            body.update(hosts=[self.address], me=self.address, primary=self.address)
        if "setName" in body and self.mode == NO_PRIMARY:
            body.update(ismaster=False, isWritablePrimary=False, secondary=True)
            body.pop("primary")
        return Message.of(body, command.message.number, answer.opcode)
