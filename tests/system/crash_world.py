# SPDX-License-Identifier: Apache-2.0
"""What a client knows about organizations while the service is killed under it, and how it finds out the rest."""
import dataclasses
import itertools
import os
import sqlite3
import time
from urllib.parse import quote

import fastcgi

NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class State:
    """An organization as its client sees it; None stands for one that does not exist."""
    name: str
    email: str
    password: str

    def credentials(self):
        return {"email": self.email, "password": self.password}

    def input(self):
        return {"organization_name": self.name, **self.credentials()}


def fresh_state():
    number = next(NUMBERS)
    return State(f"Crash {number}", f"crash{number}@example.org", f"pass phrase no {number}")


def changed(state, fields):
    """A state that differs in those fields of the API."""
    new = fresh_state()
    values = {"organization_name": "name", "email": "email", "password": "password"}
    return dataclasses.replace(state, **{values[field]: getattr(new, values[field]) for field in fields})


def patiently(seconds, path, *arguments, **about):
    """A request that changes nothing, repeated while the process is down or busy."""
    end = time.monotonic() + seconds
    while True:
        try:
            answer = fastcgi.call(path, *arguments, timeout=20, **about)
            if answer.status != 503 or time.monotonic() > end:
                return answer
        except (fastcgi.Broken, OSError):
            if time.monotonic() > end:
                raise
        time.sleep(0.002)


class Tenant:
    """One organization: the states it may be in, and those it must not be in any more."""

    def __init__(self):
        self.state = fresh_state()
        self.possible = [None]
        self.gone = set()
        self.org_id = self.former_id = None

    def attempt(self, path, new, method, uri, body, token=None):
        """One write; afterwards `possible` says what may be true. Returns the answer, None if it was cut.

        Of the two answers 503, `overloaded` says that nothing was done, `store_unavailable` that it is not known.
        """
        old, = self.possible
        try:
            answer = fastcgi.call(path, method, uri, body, token=token, timeout=20)
        except TimeoutError:
            raise
        except (fastcgi.Broken, OSError):
            self.possible = [old, new]
            return None
        if answer.status in (200, 201):
            self.gone = (self.gone | {old}) - {new}
            self.possible = [new]
            self.state = new or self.state
            if answer.status == 201:
                self._identify(answer.json()["org_id"])
        elif answer.status != 503:
            raise AssertionError(f"{method} {uri}: {answer}")
        elif answer.json()["code"] == "store_unavailable":
            self.possible = [old, new]
        return answer

    def create(self, path):
        self.former_id, self.org_id = self.org_id or self.former_id, None
        return self.attempt(path, self.state, "POST", "/org/create", self.state.input())

    def update(self, path, fields, token):
        new = changed(self.state, fields)
        values = new.input()
        return self.attempt(path, new, "PUT", "/org/update", {field: values[field] for field in fields}, token)

    def delete(self, path, token):
        return self.attempt(path, None, "DELETE", "/org/delete", None, token)

    def login(self, path, seconds=20):
        answer = patiently(seconds, path, "POST", "/admin/login", self.state.credentials())
        if answer.status != 200:
            raise AssertionError(f"login of {self.state}: {answer}")
        return answer.json()["access_token"]

    def found(self, path):
        """The one of the possible states that is there, whole; None if none is, and none need be."""
        candidates = [state for state in self.possible if state is not None]
        found = [state for state in candidates if self._whole(path, state)]
        if len(found) > 1 or not found and None not in self.possible:
            raise AssertionError(f"{found or 'none'} of {self.possible} found")
        return found[0] if found else None

    def settle(self, path, again=True):
        """Finds the one state that is true, and that all the others are false; absent ones are created again."""
        true = self.found(path)
        candidates = [state for state in self.possible if state is not None]
        for other in {*candidates, *self.gone} - {true, None}:
            self._false(path, other, true)
        self.gone = (self.gone | {*candidates}) - {true}
        self.possible = [true]
        if true is not None:
            self.state = true
        elif again:
            self._create_again(path)
        return true

    def _whole(self, path, state):
        """Whether exactly this is there: found by its name, its admin can log in, both say the same."""
        got = patiently(20, path, "GET", "/org/get?organization_name=" + quote(state.name))
        login = patiently(20, path, "POST", "/admin/login", state.credentials())
        if (got.status, login.status) != (200, 200):
            if got.status not in (200, 404) or login.status not in (200, 401):
                raise AssertionError(f"{state}: {got}, {login}")
            return False
        organization, admin = got.json(), login.json()
        same = ("org_id", "admin_id", "organization_name")
        if any(organization[field] != admin[field] for field in same) or admin["organization_name"] != state.name:
            raise AssertionError(f"{state}: {organization} but {admin}")
        self._identify(organization["org_id"])
        return True

    def _identify(self, org_id):
        """An organization's id never changes and is never used again."""
        if self.org_id not in (None, org_id) or org_id == self.former_id:
            raise AssertionError(f"{self.state}: org_id {org_id}, but was {self.org_id}, before that {self.former_id}")
        self.org_id = org_id

    def _false(self, path, other, true):
        """Nothing of a state that is not true is to be seen."""
        if true is None or other.name != true.name:
            got = patiently(20, path, "GET", "/org/get?organization_name=" + quote(other.name))
            if got.status != 404:
                raise AssertionError(f"{true} is true, but of {other} this is there: {got}")
        if true is None or other.credentials() != true.credentials():
            login = patiently(20, path, "POST", "/admin/login", other.credentials())
            if login.status != 401:
                raise AssertionError(f"{true} is true, but of {other} this works: {login}")

    def _create_again(self, path):
        """An absent organization's name and email are free."""
        answer = self.create(path)
        if answer is None or answer.status != 201:
            raise AssertionError(f"{self.state} is absent, but create answers {answer}")


def sole(rows):
    (value,), = rows
    return value


def check_database(directory):
    """Reads the SQLite file itself: sound, one admin for each organization and the other way round."""
    path = os.path.join(directory, "orgd.db")
    database = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=20)
    try:
        faults = {
            "integrity": database.execute("PRAGMA integrity_check").fetchall() != [("ok",)],
            "foreign keys": database.execute("PRAGMA foreign_key_check").fetchall(),
            "organizations without exactly one admin": database.execute(
                "SELECT org_id FROM organizations o WHERE 1 <> "
                "(SELECT count(*) FROM admins a WHERE a.org_id = o.org_id AND a.admin_id = o.admin_id)").fetchall(),
            "admins without exactly one organization": database.execute(
                "SELECT admin_id FROM admins a WHERE 1 <> "
                "(SELECT count(*) FROM organizations o WHERE a.org_id = o.org_id)").fetchall(),
            "documents without organization": database.execute(
                "SELECT org_id FROM documents WHERE org_id NOT IN (SELECT org_id FROM organizations)").fetchall(),
        }
        found = {what: rows for what, rows in faults.items() if rows}
        if found:
            raise AssertionError(f"in the database: {found}")
        return sole(database.execute("SELECT count(*) FROM organizations"))
    finally:
        database.close()
