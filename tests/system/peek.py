# SPDX-License-Identifier: Apache-2.0
"""The store behind a stack, looked into and touched past the service: whichever store it is."""
import contextlib
import glob
import os
import sqlite3

import mongo_wire


def peek(stack):
    """The kind that the stack's store is of."""
    return Mongo(stack) if "MONGO_URI" in stack.orgd.env else Sqlite(stack)


class Sqlite:
    def __init__(self, stack):
        self.directory = stack.orgd.directory
        self.path = os.path.join(self.directory, "orgd.db")

    @contextlib.contextmanager
    def _connection(self, **more):
        connection = sqlite3.connect(self.path, timeout=10, **more)
        try:
            yield connection
        finally:
            connection.close()

    def texts(self):
        """All texts that are stored."""
        with self._connection() as connection:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [value for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')
                    for value in row if isinstance(value, str)]

    def set_hash(self, text):
        """Gives every admin this hash."""
        with self._connection() as connection, connection:
            connection.execute("UPDATE admins SET password_hash = ?", (text,))

    def holds(self, data):
        """Whether the bytes are anywhere in the files."""
        found = False
        for path in glob.glob(self.path + "*"):
            with open(path, "rb") as file:
                found = found or data in file.read()
        return found

    @contextlib.contextmanager
    def writes_held(self):
        """Nothing can write to the database inside the block; reads go on."""
        with self._connection(isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield


class Mongo:
    def __init__(self, stack):
        self.client = mongo_wire.MongoClient(stack.orgd.env["MONGO_URI"])
        self.database = self.client.database

    def texts(self):
        """All texts that are stored."""
        return [text for name in self.client.collections(self.database)
                for document in self.client.find(self.database, name) for text in texts_in(document)]

    def set_hash(self, text):
        """Gives every admin this hash."""
        self.client.update(self.database, "admins", {}, {"$set": {"password_hash": text}}, many=True)

    def holds(self, data):
        """Whether the bytes are anywhere in a document."""
        return any(data in text.encode() for text in self.texts())

    @contextlib.contextmanager
    def writes_held(self):
        """There is no lock for that here: what is inside the block just runs."""
        yield


def texts_in(value):
    """The texts of a document, however deep."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts_in(one)]
