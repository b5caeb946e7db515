# SPDX-License-Identifier: Apache-2.0
"""A MongoDB-speaking server for a test, as script/mongo gives it, and ends it."""
import contextlib
import os
import shutil
import subprocess
import tempfile

import tap

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "script", "mongo")


class NoServer(Exception):
    """There is none to be had here; script/mongo has said why on standard error."""


class MongoServer:
    """One server, from the beginning of a with block to its end.

    name: "mongod", "java" or "ferretdb"; without one what script/mongo finds, which may be a server that
    somebody else started (ORGD_TEST_MONGO_URI).
    """

    NONE_HERE = 77

    def __init__(self, name=None, *options):
        self.arguments = [*options, *([name] if name else [])]
        self.directory = tempfile.mkdtemp(prefix="orgd-", dir="/tmp")
        self.address, self.script = None, None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def start(self):
        command = [SCRIPT, "--data", os.path.join(self.directory, "data"), *self.arguments]
        self.script = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.script.stdout.readline().strip()
        if not self.address:
            status = self.script.wait()
            raise NoServer() if status == self.NONE_HERE else RuntimeError(f"script/mongo ended with {status}")
        return self

    def uri(self, database=""):
        server, _, options = self.address.partition("?")
        return f"{server.rstrip('/')}/{database}" + (options and "?" + options)

    def close(self):
        """script/mongo ends the server, and removes what is its own."""
        if self.script is not None:
            self.script.stdin.close()
            self.script.wait()
            self.script.stdout.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def run_cases(what, setup=contextlib.nullcontext):
    """Runs all cases with a server, or with what setup(server) gives; without one that is a skip, said aloud."""
    try:
        with MongoServer() as server, setup(server) as fixture:
            return tap.main(fixture)
    except NoServer:
        print(f"1..1\nok 1 - {what} # SKIP there is no server to be had here")
        return 0
