# SPDX-License-Identifier: Apache-2.0
"""A directory with a store for orgctl, which is run as an operator would: by arguments, pipes and a terminal."""
import contextlib
import json
import os
import pty
import select
import shutil
import signal
import sqlite3
import subprocess
import time

import fastcgi
import process
from tap import equal

ORGCTL = os.path.join(os.path.dirname(process.BINARY), "orgctl")
PASSWORD = "violet-anvil-72-meadow"


class Result:
    def __init__(self, status, out, err=""):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        equal(self.out.count("\n"), 1, f"lines of JSON output {self.out!r}; {self.err}")
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.status}\n{self.out}\n{self.err}"


class World:
    """One state directory, with orgd and orgctl on it."""

    def __init__(self):
        self.orgd = process.Orgd()
        self.directory = self.orgd.directory
        self.database = os.path.join(self.directory, "orgd.db")
        self.env = {key: value for key, value in self.orgd.env.items() if key != "JWT_SECRET_KEY"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.orgd.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def run(self, *args, input="", env=None):
        """orgctl to its end; its standard input is never a terminal."""
        data = input if isinstance(input, bytes) else input.encode()
        done = subprocess.run([ORGCTL, *args], input=data, env={**self.env, **(env or {})}, timeout=60,
                              capture_output=True, cwd=self.directory)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def expect(self, status, *args, **more):
        result = self.run(*args, **more)
        equal(result.status, status, f"exit status of {args}: {result}")
        assert "Sanitizer" not in result.err, result
        return result

    def ok(self, *args, **more):
        return self.expect(0, *args, **more)

    def create(self, name, email, password=PASSWORD):
        return self.ok("org", "create", name, "--email", email, "--json", input=password + "\n").json

    def slugs(self, *args):
        return [org["slug"] for org in self.ok("org", "list", "--json", *args).json["organizations"]]

    def on_terminal(self, *args, answers=(), env=None):
        """orgctl on a terminal of its own; each answer is typed when its prompt ends a line with ": " or "] "."""
        pid, terminal = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored, maybe, in a test that runs in the background
            os.chdir(self.directory)
            os.execve(ORGCTL, [ORGCTL, *args], {**self.env, **(env or {})})
        shown, left = b"", list(answers)
        end = time.monotonic() + 60
        try:
            while time.monotonic() < end:
                if left and shown.endswith((b": ", b"] ")):
                    os.write(terminal, left.pop(0).encode())
                    shown += b"|"
                if select.select([terminal], [], [], 0.05)[0]:
                    data = os.read(terminal, 4096)
                    if not data:
                        break
                    shown += data
        except OSError:
            pass  # EIO: the other side has closed
        finally:
            with contextlib.suppress(ProcessLookupError):
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            os.close(terminal)
        return Result(os.waitstatus_to_exitcode(status), shown.decode(errors="replace"))

    def plant(self, *statements):
        """Writes to the database by hand, without its constraints."""
        connection = sqlite3.connect(self.database, timeout=10)
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def count(self, table):
        connection = sqlite3.connect(self.database, timeout=10)
        number, = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        connection.close()
        return number

    def start(self):
        self.orgd.start()
        return self

    def call(self, method, uri, body=None, token=None):
        return fastcgi.call(self.orgd.socket_path, method, uri, body, token=token)

    def login(self, email, password=PASSWORD):
        """The token of a login, None if it is refused."""
        answer = self.call("POST", "/admin/login", {"email": email, "password": password})
        if answer.status == 401:
            return None
        equal(answer.status, 200, "status of a login")
        return answer.json()["access_token"]

    def alive(self, token, name):
        """Whether the service takes a token: an update to the present name changes nothing."""
        return self.call("PUT", "/org/update", {"organization_name": name}, token=token).status == 200
