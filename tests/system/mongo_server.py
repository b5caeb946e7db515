# SPDX-License-Identifier: Apache-2.0
"""A MongoDB-speaking server for a test, as script/mongo gives it; ended by process id."""
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import tempfile

import tap
from tap import wait_until

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "script", "mongo")


class NoServer(Exception):
    """There is none to be had here; script/mongo has said why on standard error."""


class MongoServer:
    """One server, from the beginning of a with block to its end.

    name: "mongod", "java" or "ferretdb"; without one what script/mongo finds. If that is a server somebody
    else started (ORGD_TEST_MONGO_URI), it has no pid, and nothing can be done to it.
    """

    NONE_HERE = 77

    def __init__(self, name=None, *options):
        self.arguments = [*options, *([name] if name else [])]
        self.directory = tempfile.mkdtemp(prefix="orgd-", dir="/tmp")
        self.pid_path = os.path.join(self.directory, "pid")
        self.address, self.pid, self.script, self.port = None, None, None, 0

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def start(self):
        """At the port of the last time, if there was one."""
        command = [SCRIPT, "--port", str(self.port), "--data", os.path.join(self.directory, "data"),
                   "--pid-file", self.pid_path, *self.arguments]
        self.script = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.script.stdout.readline().strip()
        if not self.address:
            status = self.script.wait()
            raise NoServer() if status == self.NONE_HERE else RuntimeError(f"script/mongo ended with {status}")
        if os.path.exists(self.pid_path):
            with open(self.pid_path) as file:
                self.pid = int(file.read())
            self.port = int(self.address.partition("?")[0].rstrip("/").rpartition(":")[2])
        return self

    def uri(self, database=""):
        server, _, options = self.address.partition("?")
        return f"{server.rstrip('/')}/{database}" + (options and "?" + options)

    def kill(self):
        """SIGKILL, and returns when the server is gone."""
        self.signal(signal.SIGKILL)
        self.end_script()
        self.pid = None

    def restart(self):
        """Killed, if it runs, and begun anew at the same port; java has lost its data then, others keep them."""
        if self.pid is not None:
            self.kill()
        return self.start()

    def stop_answering(self):
        """Connections stay, and new ones are accepted by the kernel, but nothing is answered."""
        self.signal(signal.SIGSTOP)
        wait_until(lambda: self.thread_states() == {"T"}, what="a stop of all threads")

    def thread_states(self):
        """The letters of proc(5); a thread may end while this looks."""
        states = set()
        for path in glob.glob(f"/proc/{self.pid}/task/*/stat"):
            with contextlib.suppress(OSError), open(path) as file:
                states.add(file.read().rpartition(")")[2].split()[0])
        return states

    def go_on(self):
        self.signal(signal.SIGCONT)

    def signal(self, number):
        if self.pid is None:
            raise RuntimeError("this server is not ours, or has ended")
        os.kill(self.pid, number)

    def end_script(self):
        """It ends the server, if that still runs, and removes what is its own."""
        self.script.stdin.close()
        self.script.wait()
        self.script.stdout.close()

    def close(self):
        if self.script is not None:
            self.end_script()
        self.pid = None
        shutil.rmtree(self.directory, ignore_errors=True)


def run_cases(what, setup=contextlib.nullcontext):
    """Runs all cases with a server, or with what setup(server) gives; without one that is a skip, said aloud."""
    try:
        with MongoServer() as server, setup(server) as fixture:
            return tap.main(fixture)
    except NoServer:
        print(f"1..1\nok 1 - {what} # SKIP there is no server to be had here")
        return 0
