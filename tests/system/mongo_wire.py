# SPDX-License-Identifier: Apache-2.0
"""MongoDB's wire protocol: its messages, and a small client for tests that look into the store or write to it."""
import itertools
import re
import socket
import struct
import threading
from urllib.parse import unquote

import mongo_bson as bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HEADER = struct.Struct("<iiii")
CHECKSUM_PRESENT = 1
NAMESPACE_NOT_FOUND = 26
DEFAULT_DATABASE = "org_service_db"
URI = re.compile(r"mongodb://(?P<host>[^:/?@,]+|\[[0-9a-f:]+\])(:(?P<port>\d+))?(/(?P<database>[^?]*))?(\?.*)?")
NUMBERS = itertools.count(1)


class CommandError(Exception):
    """What a server answered instead of doing the command; code is None if it gave none."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


def receive(connection, count):
    """Exactly so many bytes; None when the connection ends before the first."""
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            if data:
                raise ConnectionError("the connection ended in a message")
            return None
        data += piece
    return bytes(data)


class Message:
    """One message as it is on the wire; `body` is its document, the sequences of an OP_MSG put into it."""

    def __init__(self, number, to, opcode, content):
        self.number, self.to, self.opcode, self.content = number, to, opcode, content
        self.body, self.collection = None, None
        if opcode in PARSERS:
            PARSERS[opcode](self)

    @classmethod
    def read(cls, connection):
        """The next message, None at the end of the connection."""
        head = receive(connection, HEADER.size)
        if head is None:
            return None
        size, number, to, opcode = HEADER.unpack(head)
        content = receive(connection, size - HEADER.size)
        if content is None:
            raise ConnectionError("the connection ended in a message")
        return cls(number, to, opcode, content)

    @classmethod
    def of(cls, body, to=0, opcode=OP_MSG):
        """A message of a document: OP_MSG, or OP_REPLY as the answer to an OP_QUERY."""
        prefix = struct.pack("<iB", 0, 0) if opcode == OP_MSG else struct.pack("<iqii", 8, 0, 0, 1)
        return cls(next(NUMBERS), to, opcode, prefix + bson.encode(body))

    def bytes(self):
        return HEADER.pack(HEADER.size + len(self.content), self.number, self.to, self.opcode) + self.content

    def _parse_msg(self):
        flags, = struct.unpack_from("<I", self.content)
        at, end = 4, len(self.content) - (4 if flags & CHECKSUM_PRESENT else 0)
        body, sequences = {}, {}
        while at < end:
            kind, at = self.content[at], at + 1
            if kind == 0:
                body, at = bson.decode_from(self.content, at)
            else:
                name, documents, at = self._sequence(at)
                sequences[name] = documents
        self.body = {**body, **sequences}

    def _sequence(self, at):
        size, = struct.unpack_from("<i", self.content, at)
        end, name_end = at + size, self.content.index(0, at + 4)
        name, documents, at = self.content[at + 4:name_end].decode(), [], name_end + 1
        while at < end:
            document, at = bson.decode_from(self.content, at)
            documents.append(document)
        return name, documents, end

    def _parse_query(self):
        name_end = self.content.index(0, 4)
        self.collection = self.content[4:name_end].decode()
        self.body, _ = bson.decode_from(self.content, name_end + 9)

    def _parse_reply(self):
        self.body, _ = bson.decode_from(self.content, 20)


PARSERS = {OP_MSG: Message._parse_msg, OP_QUERY: Message._parse_query, OP_REPLY: Message._parse_reply}


class MongoClient:
    """One connection, made when needed and again after it broke; threads take turns."""

    def __init__(self, uri, timeout=20.0):
        parts = URI.fullmatch(uri)
        if parts is None:
            raise ValueError("only mongodb://HOST[:PORT][/DATABASE][?OPTIONS] without credentials")
        self.address = parts["host"].strip("[]"), int(parts["port"] or 27017)
        self.database = unquote(parts["database"] or "") or DEFAULT_DATABASE
        self.timeout, self.connection, self.lock = timeout, None, threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def command(self, db, command):
        """The answer of a command that was done; CommandError otherwise, also of a part of a write."""
        with self.lock:
            answer = self._exchange(Message.of({**command, "$db": db})).body
        faults = [answer] if not answer.get("ok") else answer.get("writeErrors") or []
        faults += [answer["writeConcernError"]] if not faults and "writeConcernError" in answer else []
        for fault in faults[:1]:
            raise CommandError(fault.get("code"), fault.get("errmsg", ""))
        return answer

    def _exchange(self, request):
        try:
            if self.connection is None:
                self.connection = socket.create_connection(self.address, self.timeout)
            self.connection.sendall(request.bytes())
            answer = Message.read(self.connection)
            if answer is None:
                raise ConnectionError("the server closed the connection")
            return answer
        except BaseException:
            self.close()
            raise

    def find(self, db, coll, filter=None, **options):
        """All documents that fit; options are those of the command, as sort={"_id": 1}, limit=1."""
        return self._all(db, {"find": coll, "filter": filter or {}, **options})

    def _all(self, db, command):
        cursor = self.command(db, command)["cursor"]
        documents, coll = list(cursor["firstBatch"]), cursor["ns"].split(".", 1)[1]
        while cursor["id"]:
            more = {"getMore": bson.Int64(cursor["id"]), "collection": coll}
            cursor = self.command(db, more)["cursor"]
            documents += cursor["nextBatch"]
        return documents

    def find_one(self, db, coll, filter=None):
        return next(iter(self.find(db, coll, filter, limit=1)), None)

    def count(self, db, coll, filter=None):
        return len(self.find(db, coll, filter, projection={"_id": 1}))

    def insert(self, db, coll, docs):
        """One document or a list of them, of any length."""
        docs = [docs] if isinstance(docs, dict) else list(docs)
        for begin in range(0, len(docs), 1000):
            self.command(db, {"insert": coll, "documents": docs[begin:begin + 1000]})

    def update(self, db, coll, filter, change, many=False, upsert=False):
        """The number of documents that matched."""
        update = {"q": filter, "u": change, "multi": many, "upsert": upsert}
        return self.command(db, {"update": coll, "updates": [update]})["n"]

    def delete(self, db, coll, filter=None, many=True):
        """The number of documents deleted."""
        delete = {"q": filter or {}, "limit": 0 if many else 1}
        return self.command(db, {"delete": coll, "deletes": [delete]})["n"]

    def create(self, db, coll):
        self.command(db, {"create": coll})

    def drop(self, db, coll):
        """Whether there was one to drop."""
        try:
            self.command(db, {"drop": coll})
            return True
        except CommandError as fault:
            if fault.code != NAMESPACE_NOT_FOUND and "ns not found" not in fault.text:
                raise
            return False

    def rename(self, db, a, b):
        self.command("admin", {"renameCollection": f"{db}.{a}", "to": f"{db}.{b}"})

    def collections(self, db):
        """{name: UUID}; None for a UUID where the server has none."""
        found = self._all(db, {"listCollections": 1, "cursor": {}})
        return {one["name"]: one.get("info", {}).get("uuid") for one in found}
