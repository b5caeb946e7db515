#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/server: comes up, answers, starts orgd again, stops clean, refuses in one line.

With ORGD_TEST_MONGO_URI its store is MongoDB.
"""
import contextlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

import tap
from process import store_of
from tap import case, equal, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "script/server")
OWN_ENV_FILE = os.path.exists(os.path.join(ROOT, ".env"))
ORG = {"organization_name": "Acme", "email": "admin@acme.example", "password": "correct horse"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(p) for p in file.read().split()]
    except FileNotFoundError:
        return []


def descendants(pid):
    found = children(pid)
    for child in found:
        found = found + descendants(child)
    return found


class Server:
    """One script/server with a port and a state directory of its own."""

    def __init__(self, state=None, **env):
        self.top = tempfile.mkdtemp(prefix="orgd-server-", dir="/tmp")
        self.state = state or os.path.join(self.top, "state")
        self.port = free_port()
        self.base = env.get("ORGD_BASE_PATH", "")
        self.output_path = os.path.join(self.top, "output")
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith("ORGD_") and k not in ("MONGO_URI", "JWT_SECRET_KEY")}
        self.env.update(PORT=str(self.port), ORGD_STATE_DIR=self.state,
                        ORGD_TESTING="on", ORGD_BCRYPT_COST="4", **store_of(self.top))
        self.env.update(env)
        self.process = self.seconds = None

    def launch(self):
        # SIGINT may be ignored in a test that runs in the background, and a shell cannot undo that.
        with open(self.output_path, "ab") as output:
            self.process = subprocess.Popen(
                [SCRIPT], env=self.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        return self

    def __enter__(self):
        begin = time.monotonic()
        self.launch()
        try:
            wait_until(lambda: "Ctrl-C stops it" in self.output() or self.process.poll() is not None,
                       60, "script/server up")
            equal(self.process.poll(), None, "exit status at start; " + self.output())
        except AssertionError:
            self.close()
            raise
        self.seconds = time.monotonic() - begin
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        shutil.rmtree(self.top, ignore_errors=True)

    def refused(self):
        """Runs it to its end; returns the exit status and the lines it printed."""
        try:
            return self.launch().process.wait(30), self.output().splitlines()
        finally:
            self.close()

    def output(self):
        with open(self.output_path) as file:
            return file.read()

    def orgd(self):
        with open(os.path.join(self.state, "run/orgd.pid")) as file:
            return int(file.read())

    def ask(self, method, path, body=None, token=None, host="127.0.0.1"):
        connection = http.client.HTTPConnection(host, self.port, timeout=10)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = "Bearer " + token
        data = json.dumps(body) if isinstance(body, dict) else body
        try:
            connection.request(method, self.base + path, data, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            connection.close()

    def alive(self):
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def stop(self, send):
        """Stops it by send(); checks the exit status and that nothing is left."""
        processes = descendants(self.process.pid)
        assert self.orgd() in processes, "orgd is no child of the script"
        send()
        equal(self.process.wait(15), 0, "exit status; " + self.output())
        equal([p for p in processes if running(p)], [], "processes left")
        equal(sorted(os.listdir(os.path.join(self.state, "run"))), ["lock"], "files left in run/")
        with socket.socket() as s:
            assert s.connect_ex(("127.0.0.1", self.port)) != 0, "the port is still served"


@case
def comes_up_and_stops_on_sigterm():
    """comes up, answers on both loopbacks, the printed curl works, SIGTERM stops everything with 0"""
    with Server() as server:
        equal(server.ask("GET", "/healthz"), (200, {"status": "ok"}))
        if os.path.exists("/proc/net/if_inet6"):
            equal(server.ask("GET", "/healthz", host="localhost")[0], 200, "localhost")
        assert f"http://localhost:{server.port}/" in server.output(), server.output()
        curl = re.search(r"^  curl (?:.*\\\n)*.*", server.output(), re.M)[0]
        answer = subprocess.run(["/bin/sh", "-c", curl], capture_output=True, timeout=10)
        equal(json.loads(answer.stdout)["organization_name"], "Acme Corp", "the printed curl")
        server.stop(server.process.terminate)


@case
def env_file_is_made_once():
    """the made .env is 0600 with a secret of 64 hex digits and kept; the pid file is right"""
    with Server() as server:
        path = os.path.join(server.state, ".env")
        if OWN_ENV_FILE:
            assert not os.path.exists(path), "a .env was made beside ./.env"
        else:
            equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of .env")
            with open(path) as file:
                first = file.read()
            assert re.search(r"^JWT_SECRET_KEY=[0-9a-f]{64}$", first, re.M), "no secret in .env"
        equal(os.readlink(f"/proc/{server.orgd()}/exe"),
              os.path.realpath(os.path.join(ROOT, "build/orgd")), "program of run/orgd.pid")
        server.stop(server.process.terminate)
        os.rename(server.output_path, server.output_path + ".1")
        with server:
            assert server.seconds < 3, f"up in {server.seconds:.1f} s, wanted under 3"
            if not OWN_ENV_FILE:
                with open(path) as file:
                    equal(file.read(), first, ".env after a second start")


@case
def restarts_orgd():
    """starts orgd again, and says so, each time it is killed; the data is still there"""
    with Server() as server:
        equal(server.ask("POST", "/org/create", ORG)[0], 201)
        for times in range(1, 4):
            before = server.orgd()
            os.kill(before, signal.SIGKILL)
            wait_until(lambda: server.orgd() != before and server.alive(), 5, "a new orgd")
            wait_until(lambda: server.output().count("orgd serves again") == times, 5, "word of it")
        equal(server.output().count("starting it again"), 3, "restarts said")
        equal(server.ask("GET", "/org/get?organization_name=Acme")[0], 200)
        server.stop(server.process.terminate)


def kill(pid):
    """Until it is gone, and so answers no more."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not running(pid), 5, "the end of a killed process")


@case
def restarts_one_that_dies_at_once():
    """starts orgd again also when it dies before it has served, whenever that is"""
    with Server() as server:
        for later in (0, 0.02, 0.1):
            before = server.orgd()
            kill(before)
            wait_until(lambda: server.orgd() != before, 15, "a new orgd")  # the script pauses between tries
            time.sleep(later)
            kill(server.orgd())
            wait_until(server.alive, 15, f"an orgd that serves, killed {later} s after its start")
        server.stop(server.process.terminate)


@case
def two_on_one_store():
    """two side by side on one store; settings are passed on; a token of one is good at the other"""
    secret = secrets.token_hex(32)
    with Server(JWT_SECRET_KEY=secret) as one:
        store = {key: one.env[key] for key in ["MONGO_URI"] if key in one.env}
        store = store or {"ORGD_STORE": "sqlite:" + os.path.join(one.state, "orgd.db")}
        with Server(JWT_SECRET_KEY=secret, ORGD_BASE_PATH="/api", ORGD_MAX_BODY="2000", **store) as two:
            equal(one.ask("POST", "/org/create", ORG)[0], 201)
            equal(two.ask("GET", "/org/get?organization_name=Acme")[0], 200, "get at the second")
            status, login = two.ask("POST", "/admin/login",
                                    {"email": ORG["email"], "password": ORG["password"]})
            equal(status, 200, "login at the second")
            status, answer = two.ask("POST", "/admin/login", b"x" * 2001)
            equal((status, answer["code"]), (413, "body_too_large"), "ORGD_MAX_BODY + 1")
            two.stop(two.process.terminate)
            equal(one.ask("DELETE", "/org/delete", token=login["access_token"])[0], 200)
            one.stop(one.process.terminate)


@case
def stops_on_ctrl_c():
    """Ctrl-C (SIGINT to the whole group) stops everything with 0"""
    with Server() as server:
        server.stop(lambda: os.killpg(server.process.pid, signal.SIGINT))


@case
def leaves_nothing_when_killed():
    """killed by SIGKILL it leaves no process, and the next start works"""
    with Server() as server:
        processes = descendants(server.process.pid)
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not any(map(running, processes)), 10, "the end of all processes")
        os.rename(server.output_path, server.output_path + ".1")
        with server:
            server.stop(server.process.terminate)


@case
def long_state_path():
    """a state directory too long for a socket path works; the short directory is removed"""
    with tempfile.TemporaryDirectory(prefix="orgd server ", dir="/tmp") as top:
        with Server(state=os.path.join(top, "a long name " * 8, "state")) as server:
            with open(os.path.join(server.state, "nginx/orgd-http.conf")) as file:
                path = re.search(r'"unix:(.*)"', file.read())[1]
            assert len(path) <= 107 and stat.S_ISSOCK(os.stat(path).st_mode), path
            equal(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700, "mode of directory")
            server.stop(server.process.terminate)
            assert not os.path.exists(os.path.dirname(path)), "the short directory is left"


@case
def port_in_use():
    """a port in use is one line and exit 1"""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, lines = Server(PORT=port).refused()
    equal((status, len(lines)), (1, 1), f"status and lines {lines}")
    assert f"port {port} is in use" in lines[0], lines


@case
def state_in_use():
    """a state directory that a server is using is one line and exit 1; the server goes on"""
    with Server() as server:
        status, lines = Server(state=server.state).refused()
        equal((status, len(lines)), (1, 1), f"status and lines {lines}")
        assert server.state in lines[0], lines
        assert server.alive() and running(server.orgd()), "the first server is disturbed"


@case
def bad_env_file():
    """an .env file that cannot be read, or that others can read, is one line and exit 1"""
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        path = os.path.join(top, ".env")
        status, lines = Server(ORGD_ENV_FILE=path).refused()
        equal((status, len(lines)), (1, 1), f"status and lines {lines}")
        assert f"cannot read {path}" in lines[0], lines
        with open(path, "w") as file:
            file.write(f"JWT_SECRET_KEY={secrets.token_hex(32)}\n")
        os.chmod(path, 0o644)
        status, lines = Server(ORGD_ENV_FILE=path).refused()
        equal(status, 1, f"exit status; {lines}")
        assert path in lines[0] and "chmod" in lines[0], lines


@case
def mongodb_that_is_not_there():
    """with a MONGO_URI whose server is not there it comes up, says so without the URI, and answers 503"""
    with Server(MONGO_URI="mongodb://user:geheim-4711@127.0.0.1:1/db") as server:
        assert "the store does not answer yet" in server.output(), server.output()
        assert "geheim" not in server.output(), server.output()
        equal(server.ask("GET", "/healthz")[0], 200)
        equal(server.ask("POST", "/org/create", ORG)[1]["code"], "store_unavailable")
        equal(os.path.exists(os.path.join(server.state, "orgd.db")), False, "a database beside it")
        server.stop(server.process.terminate)
        with open(os.path.join(server.state, "log/orgd.log")) as file:
            assert "geheim" not in file.read(), "the password is in the log"


@case
def never_served():
    """orgd that cannot start is its own log lines and exit 1, with nothing left running"""
    server = Server(ORGD_STORE="sqlite:/nonexistent/orgd.db")
    status, lines = server.refused()
    equal(status, 1, f"exit status; {lines}")
    equal(lines[-1], "server: orgd did not come up")
    assert any("/nonexistent/orgd.db" in line for line in lines), lines
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", server.port)) != 0, "nginx is left"


if __name__ == "__main__":
    sys.exit(tap.main())
