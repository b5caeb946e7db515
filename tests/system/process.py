# SPDX-License-Identifier: Apache-2.0
"""Runs the real orgd binary in a directory of its own; ends it by process id."""
import os
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import time

BINARY = os.path.abspath(os.environ.get("ORGD_BINARY", "build/orgd"))
MODULES = os.path.join(os.path.dirname(BINARY), ".libs")  # where libtool builds them


def short_directory():
    """A new private directory with a path short enough for Unix sockets."""
    return tempfile.mkdtemp(prefix="orgd-", dir="/tmp")


def store_of(directory):
    """Environment for the store under test: SQLite in the directory, or a database on ORGD_TEST_MONGO_URI."""
    uri = os.environ.get("ORGD_TEST_MONGO_URI")
    if not uri:
        return {}
    server, _, options = uri.partition("?")
    return {"MONGO_URI": f"{server.rstrip('/')}/{os.path.basename(directory)}" + (options and "?" + options)}


class Orgd:
    """One orgd process.

    how: "fd0" hands over a listening socket as descriptor 0 (spawn-fcgi's way),
         "systemd" as descriptor 3 with LISTEN_FDS, "listen" lets orgd bind the path itself.
    A second instance on the same store: give it the first one's directory and another name.
    """

    def __init__(self, directory=None, env=None, how="fd0", name="orgd", preexec=None):
        self.directory = directory or short_directory()
        self.how = how
        self.preexec = preexec
        self.socket_path = os.path.join(self.directory, name + ".sock")
        self.log_path = os.path.join(self.directory, name + ".log")
        secret = os.path.join(self.directory, "secret")
        if not os.path.exists(secret):
            with open(secret, "w") as file:
                file.write(secrets.token_hex(32))
        with open(secret) as file:
            key = file.read()
        self.env = {
            "PATH": os.environ["PATH"],
            "JWT_SECRET_KEY": key,
            "ORGD_STATE_DIR": self.directory,
            "ORGD_TESTING": "on",
            "ORGD_BCRYPT_COST": "4",
            "ORGD_ENV_FILE": "/dev/null",
            **store_of(self.directory),
            "ORGD_MODULE_DIR": MODULES,
        }
        for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if variable in os.environ:
                self.env[variable] = os.environ[variable]
        self.env.update(env or {})
        self.env = {k: v for k, v in self.env.items() if v is not None}
        self.listener = None
        self.process = None

    def bind(self):
        """The listening socket, made once and kept over restarts (as systemd keeps it)."""
        if self.listener is None:
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(self.socket_path)
            self.listener.listen(512)
        return self.listener

    def start(self):
        command, preexec, inherited = [BINARY], self.preexec, ()
        stdin = subprocess.DEVNULL
        env = dict(self.env)
        if self.how == "listen":
            command += ["--listen", self.socket_path]
        elif self.how == "fd0":
            stdin = self.bind()
        else:
            descriptor = self.bind().fileno()
            inherited = (descriptor,)
            command = ["/bin/sh", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" 3<&{descriptor}', BINARY]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=stdin, stdout=log, stderr=log, env=env, pass_fds=inherited,
                preexec_fn=preexec, cwd=self.directory)
        self.wait_ready()
        return self

    @property
    def pid(self):
        return self.process.pid

    def wait_ready(self, seconds=10.0):
        """Until the log says that it serves; raises with the log if it ends before."""
        end = time.monotonic() + seconds
        while not self.says_serving():
            if self.process.poll() is not None:
                raise RuntimeError(f"orgd ended with {self.process.returncode}: {self.log()}")
            if time.monotonic() > end:
                self.kill()
                raise RuntimeError("orgd did not come up: " + self.log())
            time.sleep(0.005)

    def says_serving(self):
        """Whether the log, in either format, says that this very process serves."""
        own = re.compile(rf'\bpid"?[=:]{self.pid}\b')
        return any("serving" in line and own.search(line) for line in self.log().splitlines())

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def terminate(self, seconds=10.0):
        """SIGTERM; returns the exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def close(self):
        if self.alive():
            self.kill()
        if self.listener is not None:
            self.listener.close()
            self.listener = None
