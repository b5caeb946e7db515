# SPDX-License-Identifier: Apache-2.0
"""Hooks for schemathesis: who is logged in, values that can be right, and the promises of every answer.

ORGD_TEST_URL is the service, ORGD_TEST_CREATE_KEY its key for creating, if it wants one. Requests made
here for logging in are not among those that count.
"""
import email.message
import itertools
import json
import os
import sys
import urllib.request

import schemathesis

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import promises  # noqa: E402
from contract import Contract  # noqa: E402

URL = os.environ["ORGD_TEST_URL"]
CREATE_KEY = os.environ.get("ORGD_TEST_CREATE_KEY", "")
OWN_ID = "hooks"  # the X-Request-Id of requests that do not count
PASSWORD = "violet-anvil-72-meadow"
NUMBERS = itertools.count(1)


def ask(method, path, fields=None, token=""):
    body = None if fields is None else json.dumps(fields).encode()
    headers = {"Content-Type": "application/json", "X-Request-Id": OWN_ID, "Authorization": "Bearer " + token}
    request = urllib.request.Request(URL + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


class Login:
    """An organization of our own, made anew when its token is dead."""

    def __init__(self):
        self.email = self.token = self.org = None

    def fresh_token(self):
        if self.token is None:
            number = f"{os.getpid()}-{next(NUMBERS)}"
            self.email = f"fuzz{number}@example.org"
            self.org = ask("POST", "/org/create", {"organization_name": f"Fuzz {number}", "email": self.email,
                                                   "password": PASSWORD}, CREATE_KEY)
            self.token = ask("POST", "/admin/login", {"email": self.email, "password": PASSWORD})["access_token"]
        return self.token

    def learn(self, case, response):
        """A delete kills the token, as a change of email or password does; a rename changes the name."""
        if self.token is None or response.request.headers.get("Authorization") != "Bearer " + self.token:
            return
        if response.status_code == 401 or (case.operation.path == "/org/delete" and response.status_code == 200):
            self.token = None
        elif case.operation.path == "/org/update" and response.status_code == 200:
            self.org = json.loads(response.content)
            if "access_token" in self.org:
                self.token = None


login = Login()
contract = Contract(ask("GET", "/openapi.json"))


@schemathesis.auth(refresh_interval=None)
class Bearer:
    """A living token, or the key for creating, for the operations that need one."""

    def get(self, case, _):
        schemes = {name for one in case.operation.definition.raw.get("security", []) for name in one}
        if "createKey" in schemes:
            return CREATE_KEY
        return login.fresh_token() if "bearerAuth" in schemes else None

    def set(self, case, token, _):
        if token is not None:
            case.headers = {**(case.headers or {}), "Authorization": "Bearer " + token}


def dice(case):
    """0 to 3, the same for the same case."""
    return sum(json.dumps([repr(case.body), repr(case.query)]).encode()) % 4


def choose_one(case, place):
    """/org/get and /org/delete take one field: the others go away, and one has a value that exists."""
    own = {"organization_name": login.org["organization_name"], "slug": login.org["slug"]} if login.org else {}
    query = dict(list((case.query or {}).items())[:1])
    if place == 0 and isinstance(case.body, dict) and case.body:
        case.query = {}
        case.body = {name: own.get(name, value) for name, value in case.body.items()}
    elif query:
        if isinstance(case.body, dict):
            case.body = {}
        case.query = {name: own.get(name, value) if place < 3 else value for name, value in query.items()}


def make_right(case, place):
    """Puts a password into the body that is long enough, and that is the right one to log in with."""
    body = case.body if isinstance(case.body, dict) else {}
    if case.operation.path == "/org/create" and "password" in body:
        case.body = {**body, "password": PASSWORD}
        if place > 0:  # an email that nobody has yet, and sometimes a name
            case.body["email"] = f"new{next(NUMBERS)}@example.org"
        if place > 1 and isinstance(body.get("organization_name"), str):
            case.body["organization_name"] = f"{body['organization_name'][:80]} {next(NUMBERS)}"
    elif case.operation.path == "/admin/login" and login.token and body.get("password") != PASSWORD:
        case.body = {"email": login.email, "password": PASSWORD}
    elif case.operation.path == "/org/update":
        right = {"current_password": PASSWORD, "password": f"{PASSWORD}-{place}"}
        case.body = {name: right.get(name, value) for name, value in body.items()}


@schemathesis.hook
def before_call(_, case, **kwargs):
    """Three of four cases that fit the schema are made to be right in what it cannot say."""
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    place = dice(case)
    if case.operation.path in ("/org/get", "/org/delete") and place < 3:
        choose_one(case, place)
    elif place < 3:
        make_right(case, place)


@schemathesis.hook
def after_call(_, case, response):
    login.learn(case, response)


class Answer:
    """What promises.py and contract.py look at, of an answer that schemathesis got."""

    def __init__(self, case, response):
        self.method = response.request.method.upper()
        self.path = response.request.path_url.split("?")[0]
        self.status, self.body = response.status_code, response.content
        self.headers = email.message.Message()
        for name, values in response.headers.items():
            for value in values:
                self.headers[name] = value

    def header(self, name, default=None):
        return self.headers.get(name, default)

    @property
    def json(self):
        return promises.parse(self.body)

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}\n{self.headers}{self.body[:2000]!r}"


@schemathesis.check
def keeps_every_promise(_, response, case):
    """The same that the HTTP tests ask of each answer."""
    answer = Answer(case, response)
    promises.check(answer)
    contract.check(answer)
