# SPDX-License-Identifier: Apache-2.0
"""The operations on organizations as requests, and which of the commands at a proxy belong to one of them."""
import dataclasses
import os
import threading

import fastcgi
from crash_world import Tenant, changed
from tap import equal
from wire_faults import SECRET_TEXT

SEED = int(os.environ.get("ORGD_TEST_SEED") or 1)


@dataclasses.dataclass(frozen=True)
class Operation:
    """fields: what an update changes; again: what the repeated request answers when the first had happened."""
    name: str
    again: tuple
    fields: tuple = ()


@dataclasses.dataclass(frozen=True)
class Request:
    """new: the state of the organization after it; refusal: the code of a 409 that it must meet."""
    new: object
    method: str
    uri: str
    body: dict
    token: str = None
    refusal: str = None

    def send(self, path):
        return without_server_text(
            fastcgi.call(path, self.method, self.uri, self.body or None, token=self.token, timeout=20))

    def attempt(self, tenant, path):
        """The answer, which is a right one, or 503; the tenant knows what may be true then."""
        if self.refusal is None:
            return without_server_text(
                tenant.attempt(path, self.new, self.method, self.uri, self.body or None, self.token))
        answer = self.send(path)
        if answer.status != 503:
            equal((answer.status, answer.json().get("code")), (409, self.refusal), "the refusal")
        return answer


def without_server_text(answer):
    if SECRET_TEXT.encode() in answer.body:
        raise AssertionError(f"text of the server in an answer: {answer}")
    return answer


def new_tenant(path, tries=3):
    """An organization; a busy machine may need more than one try."""
    tenant = Tenant()
    status = tenant.create(path).status
    if status == 503 and tries > 1:
        return new_tenant(path, tries - 1)
    equal(status, 201, "create")
    return tenant


def prepare(operation, path):
    """An organization for an operation to work on, and the request for it."""
    if operation.name == "create":
        tenant = Tenant()
        return tenant, Request(tenant.state, "POST", "/org/create", tenant.state.input())
    tenant = new_tenant(path)
    request = request_for(operation, tenant, tenant.login(path))
    if operation is REFUSED:
        body = {**request.body, "email": new_tenant(path).state.email}
        request = dataclasses.replace(request, new=tenant.state, body=body, refusal="email_taken")
    return tenant, request


def request_for(operation, tenant, token):
    """The request for any operation but create, which must not be refused."""
    if operation.name == "delete":
        return Request(None, "DELETE", "/org/delete", {}, token)
    old = tenant.state
    new = changed(old, operation.fields) if operation.fields else dataclasses.replace(old, name=old.name + "!")
    body = {key: value for key, value in new.input().items() if old.input()[key] != value}
    return Request(new, "PUT", "/org/update", body, token)


OPERATIONS = (
    Operation("create", (409, "organization_exists")),
    Operation("rename", (200, None), ("organization_name",)),
    Operation("display name", (200, None)),
    Operation("email", (401, "invalid_token"), ("email",)),
    Operation("password", (401, "invalid_token"), ("password",)),
    Operation("all", (401, "invalid_token"), ("organization_name", "email", "password")),
    Operation("delete", (401, "invalid_token")),
)
# The name is free, the email is not.
REFUSED = Operation("refused", (409, "email_taken"), ("organization_name",))


class Mine:
    """Whether a command belongs to the operation on one organization: by what it mentions.

    The recovery of other organizations, which goes on beside it, is not to be counted.
    """

    def __init__(self, database, tenant, request):
        values = [tenant.state.input(), request.body]
        words = {slug(value["organization_name"]) for value in values if "organization_name" in value}
        words |= {value["email"] for value in values if "email" in value}
        self.marks = {word.encode() + b"\0" for word in words}
        for org in database.find("organizations", {"organization_name": tenant.state.name}):
            self.learn(org["_id"], org["admin_id"])

    def learn(self, *ids):
        self.marks |= {mark for one in ids for mark in (one.bytes, str(one).encode())}

    def __call__(self, command):
        content = command.message.content
        if not any(mark in content for mark in self.marks):
            return False
        if (command.name, command.collection) == ("insert", "organizations"):
            self.learn(command.body["documents"][0]["_id"])
        return True


def slug(name):
    return name.strip("!").lower().replace(" ", "-")


def good_run(bench, database, operation):
    """The names of the commands that an operation sends, in their order."""
    tenant, request = prepare(operation, bench.path)
    mine = Mine(database, tenant, request)
    with bench.proxy.recording() as commands:
        request.attempt(tenant, bench.path)
    return [command.name for command in commands if mine(command)]


class Faults:
    """What went wrong with attempts, collected: one fault does not hide the others."""

    def __init__(self, lines=()):
        self.lines, self.lock = list(lines), threading.Lock()

    def gather(self, attempt, act, *arguments):
        try:
            act(*arguments)
        except Exception as fault:
            with self.lock:
                self.lines.append(f"{attempt}: {type(fault).__name__}: {fault}")

    def blame(self, attempts, left):
        """Whose organization a line about the database is about."""
        for line in left:
            guilty = [str(one) for one in attempts if one.mentioned_in(line)]
            self.lines.append(f"{line}: {guilty}")

    def check(self):
        if self.lines:
            raise AssertionError("\n".join([f"seed {SEED}", *self.lines]))
