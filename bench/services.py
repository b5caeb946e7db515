# SPDX-License-Identifier: Apache-2.0
"""What load is sent to: a program behind an nginx of its own, and the organizations that it keeps."""
import concurrent.futures
import ctypes
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import typing

import fastcgi      # of tests/system, as process and stack are
import process
import stack
from client import Client
from load import Request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.dirname(process.BINARY)
PASSWORD = stack.PASSWORD
COST = 10                # of all bcrypt hashes: the lowest that orgd takes
TOKEN_SECONDS = 86400    # tokens outlive the run
TOKENS = 20              # organizations whose admins are logged in


class Organization(typing.NamedTuple):
    name: str
    slug: str
    email: str

    @classmethod
    def numbered(cls, number, label="Organization"):
        return cls(f"{label} {number}", f"{label.lower()}-{number}", f"{label.lower()}-{number}@example.org")


def end_with_parent():
    """For a new process: SIGTERM when the bench dies, however it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)      # PR_SET_PDEATHSIG


class Service:
    """Subclasses give run() and end() for the program; it listens at `socket_path`."""

    log_path = None
    edit_nginx = None
    code = None     # the directory that its program must be started in

    def __init__(self, count=0):
        self.count = count
        self.organizations = [Organization.numbered(number) for number in range(1, count + 1)]
        self.tokens = {}
        self.fresh = 0

    def start(self):
        self.run()
        self.nginx = stack.Nginx(self.socket_path, edit=self.edit_nginx).start()
        return self

    @property
    def port(self):
        return self.nginx.port

    def close(self):
        self.nginx.close()
        self.end()

    def trim_logs(self):
        """All log as they do in earnest; what they have written is not kept."""
        for path in (self.log_path, os.path.join(self.nginx.directory, "log", "nginx-access.log")):
            if path is not None and os.path.exists(path):
                os.truncate(path, 0)

    # Organizations.

    def fill(self):
        """Makes the organizations by requests, and logs some admins in."""
        self.together(self.create, self.organizations)
        self.log_in()

    def log_in(self):
        self.tokens = dict(self.together(self.login, self.organizations[:TOKENS]))

    def together(self, function, organizations):
        """function(client, organization) of each, two at a time; what they gave."""
        clients = threading.local()

        def call(organization):
            if not hasattr(clients, "own"):
                clients.own = Client(self.port)
            return function(clients.own, organization)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(call, organizations))

    def create(self, client, organization):
        client.call("POST", "/org/create", self.creation(organization), status=201)

    def login(self, client, organization):
        body = {"email": organization.email, "password": PASSWORD}
        return organization, client.call("POST", "/admin/login", body)["access_token"]

    def settle(self):
        """Until the logins are done that a load has left behind: they are taken in turn."""
        client = Client(self.port)
        wait_for(lambda: client.answer("POST", "/admin/login", self.logins()[0].body)[0] == 200, pause=0.1)
        client.close()

    @staticmethod
    def creation(organization):
        return {"organization_name": organization.name, "email": organization.email, "password": PASSWORD}

    # Requests.

    def some(self, most=5000):
        """Organizations evenly taken out of all."""
        step = max(1, len(self.organizations) // most)
        return self.organizations[::step]

    def gets_by_slug(self):
        return [Request("GET", "/org/get?slug=" + one.slug) for one in self.some()]

    def gets_by_name(self):
        return [Request("GET", "/org/get?organization_name=" + one.name.replace(" ", "+")) for one in self.some()]

    def token_checks(self):
        """Updates that change nothing: token and body are checked, the organization is read, not written."""
        return [Request("PUT", "/org/update", token, {"organization_name": one.name})
                for one, token in self.tokens.items()]

    def logins(self):
        return [Request("POST", "/admin/login", "", {"email": one.email, "password": PASSWORD})
                for one in self.organizations[:TOKENS]]

    def creations(self, count):
        """New organizations every time it is called."""
        first = self.fresh
        self.fresh += count
        return [Request("POST", "/org/create", "", self.creation(Organization.numbered(number, "Fresh")))
                for number in range(first, first + count)]

    def mix(self):
        """Reads and refusals of all kinds: nothing in it makes the data grow."""
        one, token = next(iter(self.tokens.items()))
        return [*self.gets_by_slug()[:20], *self.gets_by_name()[:20], *self.token_checks()[:20],
                Request("GET", "/healthz"),
                Request("GET", "/org/get?slug=nobody-has-this", refused=True),
                Request("GET", "/org/get?slug=%zz", refused=True),
                Request("GET", "/no/such/path", refused=True),
                Request("PUT", "/org/update", token[:-4] + "AAAA", {"organization_name": one.name}, refused=True),
                Request("PUT", "/org/update", token, {"organization_name": 7, "more": []}, refused=True),
                Request("DELETE", "/org/delete", token, {"organization_name": "Somebody Else"}, refused=True)]


class Constant(Service):
    """The limit: orgd's core with a handler that always gives the same answer."""

    def run(self):
        self.directory = process.short_directory()
        self.socket_path = os.path.join(self.directory, "constant.sock")
        self.log_path = os.path.join(self.directory, "constant.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([os.path.join(BUILD, "bench", "constant"), self.socket_path],
                                            stdin=subprocess.DEVNULL, stderr=log, preexec_fn=end_with_parent)
        wait_for(lambda: os.path.exists(self.socket_path))

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)

    def processes(self):
        return [self.process.pid]


class Orgd(Service):
    """orgd as it is delivered, but for the cost of hashes and the life of tokens."""

    def __init__(self, count=0, **settings):
        super().__init__(count)
        self.settings = settings

    def run(self):
        self.orgd = process.Orgd(preexec=end_with_parent, how="listen", env={
            "ORGD_TESTING": None, "ORGD_BCRYPT_COST": str(COST), "ORGD_TOKEN_TTL": str(TOKEN_SECONDS),
            **self.settings})
        self.socket_path, self.log_path = self.orgd.socket_path, self.orgd.log_path
        self.orgd.start()

    def restart(self, **env):
        self.orgd.terminate()
        self.orgd.env.update(env)
        self.orgd.start()

    def fill(self):
        """Who is never logged in gets a cheap hash."""
        self.restart(ORGD_TESTING="on", ORGD_BCRYPT_COST="4")
        self.together(self.create, self.organizations[TOKENS:])
        self.restart(ORGD_TESTING="off", ORGD_BCRYPT_COST=str(COST))
        self.together(self.create, self.organizations[:TOKENS])
        self.log_in()

    def end(self):
        self.orgd.terminate()
        self.orgd.close()
        shutil.rmtree(self.orgd.directory, ignore_errors=True)

    def processes(self):
        return [self.orgd.pid]

    def command(self):
        """To run another one on the same store: arguments, environment, and the socket it will make."""
        path = os.path.join(self.orgd.directory, "another.sock")
        return [process.BINARY, "--listen", path], self.orgd.env, path

    @staticmethod
    def raw_get(uri):
        """The bytes of a GET, as its socket takes it."""
        return fastcgi.request("GET", uri)


class OrgdOnSqlite(Orgd):
    MANY = 1000     # more are written to the database itself

    def fill(self):
        every = self.organizations
        self.organizations = every[:self.MANY]
        super().fill()
        self.organizations = every
        self.insert(every[self.MANY:])

    def database(self):
        return sqlite3.connect(os.path.join(self.orgd.directory, "orgd.db"), timeout=60)

    def insert(self, organizations):
        now = int(time.time() * 1000)
        with self.database() as database:
            (password_hash,) = database.execute("SELECT password_hash FROM admins LIMIT 1").fetchone()
            for one in organizations:
                org_id, admin_id = secrets.token_hex(12), secrets.token_hex(12)
                database.execute("INSERT INTO organizations (org_id, admin_id, organization_name, slug, created_at,"
                                 " updated_at) VALUES (?, ?, ?, ?, ?, ?)",
                                 (org_id, admin_id, one.name, one.slug, now, now))
                database.execute("INSERT INTO admins (admin_id, org_id, email, password_hash, token_version)"
                                 " VALUES (?, ?, ?, ?, 1)", (admin_id, org_id, one.email, password_hash))
        database.close()

    def add_documents(self, organization, count):
        with self.database() as database:
            (org_id,) = database.execute("SELECT org_id FROM organizations WHERE slug = ?",
                                         (organization.slug,)).fetchone()
            database.executemany("INSERT INTO documents (org_id, id, document) VALUES (?, ?, ?)",
                                 ((org_id, f"{number:024x}", f'{{"n":{number}}}') for number in range(count)))
        database.close()


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return list(map(int, file.read().split()))


def wait_for(condition, seconds=30, pause=0.002):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("a service is not ready in time")
        time.sleep(pause)
