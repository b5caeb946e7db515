# SPDX-License-Identifier: Apache-2.0
"""The whole service as a client meets it: one orgd behind an nginx of its own, on loopback."""
import atexit
import functools
import http.client
import itertools
import json as json_module
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import process
import promises
from contract import Contract

PASSWORD = "violet-anvil-72-meadow"
NUMBERS = itertools.count(1)
RENDER = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "script", "render-nginx"))


def end_cleanly_on_sigterm():
    """SIGTERM unwinds like any other end, so that nothing started here is left running."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """One HTTP answer; headers are case-insensitive."""

    def __init__(self, response, method, path):
        self.method, self.path = method, path.split("?")[0]
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def header(self, name, default=None):
        return self.headers.get(name, default)

    @functools.cached_property
    def json(self):
        return promises.parse(self.body)

    @property
    def code(self):
        return self.json.get("code")

    def __repr__(self):
        lines = [f"{self.method} {self.path} -> {self.status}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\n".join(lines + [repr(self.body[:2000])])


class Tenant:
    """An organization made for one test, with a token of its administrator."""

    def __init__(self, stack, name, email, password):
        self.stack, self.name, self.email, self.password = stack, name, email, password
        self.org = promises.expect(stack.create(name, email, password), 201).json
        self.token = stack.login(email, password)

    def call(self, method, path, **more):
        return self.stack.call(method, path, token=self.token, **more)

    def update(self, **fields):
        return self.call("PUT", "/org/update", json=fields)

    def alive(self, token=None):
        """Whether the token is still good: an update to the present name changes nothing."""
        answer = self.stack.call("PUT", "/org/update", json={"organization_name": self.name},
                                 token=token or self.token)
        if answer.status == 401:
            promises.expect(answer, 401, "invalid_token")
            return False
        promises.expect(answer, 200)
        return True


class Nginx:
    """An nginx with a directory and a port of its own, by the project's own configuration.

    edit(directory), if given, changes the rendered files before the start.
    """

    def __init__(self, socket_path, max_body=None, edit=None):
        self.directory = process.short_directory()
        self.socket_path, self.max_body, self.edit = socket_path, max_body, edit
        self.process = self.port = None

    def start(self):
        for _ in range(5):
            self.port = free_port()
            if self.try_start():
                return self
        raise RuntimeError("nginx did not come up: " + self.log())

    def render(self):
        command = [RENDER, str(self.port), self.socket_path, self.directory]
        if self.max_body is not None:
            command.append(str(self.max_body))
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        if self.edit is not None:
            self.edit(self.directory)

    def try_start(self):
        self.render()
        with open(os.path.join(self.directory, "start.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["nginx", "-p", os.path.join(self.directory, "nginx") + "/", "-c", "nginx.conf"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.005)
        self.stop()
        return False

    def log(self):
        with open(os.path.join(self.directory, "start.log"), errors="replace") as file:
            return file.read()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Stack:
    """nginx and orgd. A second one on the same store: Stack(beside=first)."""

    def __init__(self, env=None, beside=None, max_body=None, edit=None):
        self.owns_directory = beside is None
        name = "orgd" if beside is None else f"orgd{next(NUMBERS)}"
        inherited = dict(beside.extra_env) if beside else {}
        self.extra_env = {**inherited, **(env or {})}
        self.orgd = process.Orgd(directory=beside.orgd.directory if beside else None, env=self.extra_env,
                                 how="fd0", name=name)
        self.nginx = Nginx(self.orgd.socket_path, max_body, edit)
        self.contract = None

    def start(self):
        end_cleanly_on_sigterm()
        atexit.register(self.close)
        self.orgd.bind()
        self.orgd.start()
        self.nginx.start()
        self.read_contract()
        return self

    def read_contract(self):
        """What the service says of itself: every answer is compared with that."""
        path = self.orgd.env.get("ORGD_BASE_PATH", "") + "/openapi.json"
        self.contract = Contract(promises.expect(self.exchange("GET", path, [], None), 200).json)

    def restart(self, **env):
        """Ends orgd by SIGTERM and starts it again with changed environment (None takes a key away)."""
        status = self.orgd.terminate() if self.orgd.alive() else 0
        if status != 0:
            raise AssertionError(f"orgd ended with {status}: {self.orgd.log()[-2000:]}")
        self.orgd.env.update(env)
        self.orgd.env = {key: value for key, value in self.orgd.env.items() if value is not None}
        self.orgd.start()
        self.read_contract()

    def close(self):
        atexit.unregister(self.close)
        self.nginx.close()
        self.orgd.close()
        if self.owns_directory:
            shutil.rmtree(self.orgd.directory, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def call(self, method, path, json=None, body=None, headers=None, token=None,
             content_type="application/json"):
        """One request, its answer checked for the general promises and against openapi.json.

        json is encoded; body is sent as it is, with that content_type (None: without). headers are a
        dictionary or a list of pairs; token is sent as a Bearer token.
        """
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        if json is not None:
            body = json_module.dumps(json).encode()
        if body is not None:
            body = body if isinstance(body, bytes) else body.encode()
            pairs.append(("Content-Length", str(len(body))))
            if content_type is not None:
                pairs.append(("Content-Type", content_type))
        if token is not None:
            pairs.append(("Authorization", "Bearer " + token))
        answer = self.exchange(method, path, pairs, body)
        ids = [value for name, value in pairs if name.lower() == "x-request-id"]
        promises.check(answer, ids[0] if len(ids) == 1 else None)
        self.contract.check(answer)
        return answer

    def exchange(self, method, path, pairs, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in pairs:
                connection.putheader(name, value)
            try:
                connection.endheaders(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # answered before the whole body was sent
            return Answer(connection.getresponse(), method, path)
        finally:
            connection.close()

    def raw(self, data, method="GET", path=""):
        """Sends bytes as they are and reads one answer, checked for the general promises too."""
        with socket.create_connection(("127.0.0.1", self.nginx.port), 30) as connection:
            connection.sendall(data)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            answer = Answer(response, method, path)
            response.close()
        promises.check(answer)
        return answer

    def create(self, name, email, password=PASSWORD, **more):
        fields = {"organization_name": name, "email": email, "password": password}
        return self.call("POST", "/org/create", json=fields, **more)

    def get(self, name):
        return self.call("GET", "/org/get", json={"organization_name": name})

    def try_login(self, email, password=PASSWORD):
        return self.call("POST", "/admin/login", json={"email": email, "password": password})

    def login(self, email, password=PASSWORD):
        return promises.expect(self.try_login(email, password), 200).json["access_token"]

    def tenant(self, label="Acme"):
        number = next(NUMBERS)
        return Tenant(self, f"{label} {number}", f"admin{number}@example.org", PASSWORD)


def fresh_email():
    return f"admin{next(NUMBERS)}@example.org"


def run(main, *stacks):
    """Runs the cases on started stacks and leaves nothing behind; returns the exit status."""
    try:
        return main(*stacks)
    finally:
        for stack in reversed(stacks):
            stack.close()

