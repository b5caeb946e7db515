# SPDX-License-Identifier: Apache-2.0
"""What the configuration changes over HTTP, and a store that is gone."""
import contextlib
import json
import os
import re
import secrets
import urllib.parse

import tap
from peek import peek
from promises import CHALLENGE, expect, expect_fields, must
from stack import PASSWORD, Stack, fresh_email, run
from tap import case, equal

SAMPLE = re.compile(r"(#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})? [-+0-9.eInfNa]+)?")
CREATE_KEY = secrets.token_hex(20)


@contextlib.contextmanager
def restarted(stack, **env):
    """The stack with changed environment; as it was when the block ends."""
    before = {name: stack.orgd.env.get(name) for name in env}
    try:
        stack.restart(**env)
        yield stack
    finally:
        stack.restart(**before)


@case
def creation_by_key(stack):
    """ORGD_CREATE=key: without the key 401, with a wrong one 401 invalid_token, with it 201; before the body is read"""
    with restarted(stack, ORGD_CREATE="key", ORGD_CREATE_KEY=CREATE_KEY):
        for how in ({"json": {}}, {"body": "{broken", "content_type": "text/plain"}):
            answer = expect(stack.call("POST", "/org/create", **how), 401, "unauthenticated")
            equal(answer.header("WWW-Authenticate"), CHALLENGE, "challenge")
            for key in (CREATE_KEY[:-1], CREATE_KEY + "x", "x", CREATE_KEY.upper() + "Z"):
                expect(stack.call("POST", "/org/create", token=key, **how), 401, "invalid_token")
        expect(stack.call("POST", "/org/create", token=CREATE_KEY, json={"email": 1}), 422, "validation_failed")
        name, email = "Made by key", fresh_email()
        expect(stack.create(name, email, token=CREATE_KEY), 201)
        token = stack.login(email)
        expect(stack.create("Made by token", fresh_email(), token=token), 401, "invalid_token")
        expect(stack.call("DELETE", "/org/delete", token=CREATE_KEY), 401, "invalid_token")
        expect(stack.get(name), 200)
        must(CREATE_KEY not in stack.orgd.log(), "the key is in the log", "")


@case
def creation_closed(stack):
    """ORGD_CREATE=closed: 403 creation_closed whatever the body is; the other routes work"""
    tenant = stack.tenant("Closed")
    with restarted(stack, ORGD_CREATE="closed"):
        expect(stack.create("Closed too", fresh_email()), 403, "creation_closed")
        expect(stack.create("Closed too", fresh_email(), token=tenant.token), 403, "creation_closed")
        expect(stack.call("POST", "/org/create", body="{broken", content_type="text/plain"), 403, "creation_closed")
        expect(stack.call("POST", "/org/create"), 403, "creation_closed")
        expect(stack.call("GET", "/org/create"), 405)
        expect(stack.get("Closed too"), 404)
        stack.login(tenant.email)
        must(tenant.alive(), "the token died", tenant.name)


@case
def the_limit_of_organizations(_):
    """ORGD_MAX_ORGANIZATIONS: one more is 403 organization_limit, before conflicts; a delete makes room"""
    with Stack(env={"ORGD_MAX_ORGANIZATIONS": "2"}) as stack:
        one, two = stack.tenant("Limit"), stack.tenant("Limit")
        email = fresh_email()
        expect(stack.create("One more", email), 403, "organization_limit")
        expect(stack.create(one.name, one.email), 403, "organization_limit")
        expect_fields(stack.create("One more", "bad"), email="invalid")
        expect(one.update(organization_name=one.name + " renamed"), 200)
        expect(two.call("DELETE", "/org/delete"), 200)
        expect(stack.create("One more", email), 201)
        expect(stack.create("Yet one more", fresh_email()), 403, "organization_limit")


@case
def lookup_by_owners_only(stack):
    """ORGD_PUBLIC_LOOKUP=off: GET needs a token and finds only its own organization; all others are one 404"""
    mine, other = stack.tenant("Private"), stack.tenant("Private")
    with restarted(stack, ORGD_PUBLIC_LOOKUP="off"):
        expect(stack.get(mine.name), 401, "unauthenticated")
        expect(stack.call("GET", "/org/get"), 401, "unauthenticated")
        expect(stack.call("GET", "/org/get?slug=x", token="bad"), 401, "invalid_token")
        equal(stack.call("HEAD", "/org/get").status, 401, "HEAD")
        details = set()
        for key in ("organization_name", "slug"):
            query = "/org/get?" + key + "="
            equal(expect(mine.call("GET", query + urllib.parse.quote(mine.org[key])), 200).json, mine.org, key)
            for value in (other.org[key], "nobody-at-all"):
                answer = expect(mine.call("GET", query + urllib.parse.quote(value)), 404, "organization_not_found")
                details.add(answer.json["detail"].replace(value, "NAME"))
        expect(mine.call("GET", "/org/get", json={"organization_name": other.name}), 404, "organization_not_found")
        equal(len(details), 1, "number of different details")
        expect(mine.call("GET", "/org/get"), 422, "validation_failed")
        expect(mine.call("DELETE", "/org/delete"), 200)
        expect(mine.call("GET", "/org/get?slug=" + mine.org["slug"]), 401, "invalid_token")


@case
def current_password_required(stack):
    """ORGD_REQUIRE_CURRENT_PASSWORD=on: a change of email or password needs it, a rename does not"""
    tenant = stack.tenant("Careful")
    with restarted(stack, ORGD_REQUIRE_CURRENT_PASSWORD="on"):
        for fields in ({"email": fresh_email()}, {"password": "copper-lantern-31-harbour"},
                       {"email": fresh_email(), "organization_name": "Careful new"}):
            expect_fields(tenant.update(**fields), current_password="required")
            expect_fields(tenant.update(current_password="a wrong password", **fields), current_password="incorrect")
        tenant.name += " renamed"
        expect(tenant.update(organization_name=tenant.name), 200)
        email = fresh_email()
        tenant.token = expect(tenant.update(email=email, current_password=PASSWORD), 200).json["access_token"]
        expect(tenant.update(password="copper-lantern-31-harbour", current_password=PASSWORD), 200)
        stack.login(email, "copper-lantern-31-harbour")


@case
def below_a_base_path(stack):
    """ORGD_BASE_PATH=/api: routes answer below it and nowhere else, and Location can be followed"""
    with restarted(stack, ORGD_BASE_PATH="/api"):
        expect(stack.call("GET", "/api/healthz"), 200)
        for path in ("/healthz", "/api", "/api/", "/apihealthz", "/api/api/healthz", "/API/healthz", "/api//healthz",
                     "/api/../healthz", "/api/./healthz", "/%61pi/healthz", "/x/api/healthz", "/", "/api?/healthz"):
            expect(stack.call("GET", path), 404, "not_found")
        fields = {"organization_name": "Below & above", "email": fresh_email(), "password": PASSWORD}
        answer = expect(stack.call("POST", "/api/org/create", json=fields), 201)
        expect(stack.call("GET", answer.header("Location")), 200)
        answer = stack.call("PUT", "/api/org/create")
        must("POST" in expect(answer, 405).header("Allow"), "Allow", answer)


@case
def metrics_when_asked_for(stack):
    """ORGD_METRICS=on: /metrics counts requests by route and status; off: 404"""
    expect(stack.call("GET", "/metrics"), 404, "not_found")
    with restarted(stack, ORGD_METRICS="on"):
        expect(stack.call("GET", "/org/get?slug=nobody"), 404)
        answer = expect(stack.call("GET", "/metrics"), 200)
        text = answer.body.decode()
        for line in text.splitlines():
            must(SAMPLE.fullmatch(line), "no Prometheus text", line)
        must(any("/org/get" in line and "404" in line and line.endswith(" 1") for line in text.splitlines()),
             "the request is not counted", text)
        must("bucket{" in text and "nobody" not in text, "histogram missing, or a value is shown", text)
        equal({word.strip() for word in stack.call("OPTIONS", "/metrics").header("Allow").split(",")},
              {"GET", "HEAD", "OPTIONS"}, "Allow")
        expect(stack.call("POST", "/metrics"), 405)


@case
def log_formats(stack):
    """ORGD_LOG_FORMAT=json: each line of the log is an object, and the request's has its id"""
    with restarted(stack, ORGD_LOG_FORMAT="json"):
        mark = len(stack.orgd.log())
        stack.call("GET", "/org/get?slug=" + "%22%5c%0a%e2%80%a8", headers={"X-Request-Id": "json-log-1"})
        tap.wait_until(lambda: "json-log-1" in stack.orgd.log()[mark:], what="the log line")
        lines = [line for line in stack.orgd.log()[mark:].splitlines() if line]
        values = [json.loads(line) for line in lines]
        must(any("json-log-1" in value.values() for value in values), "no line with the id", lines)


def break_database(directory):
    """Overwrites the database in place, as a broken disk would; what processes have open breaks too."""
    for name in ("orgd.db-shm", "orgd.db-wal", "orgd.db"):
        path = os.path.join(directory, name)
        if os.path.exists(path):
            size = os.path.getsize(path)
            with open(path, "r+b") as file:
                file.write(b"\xa5" * size)


@case
def a_store_that_is_gone(_):
    """with a broken database file healthz is 200, all that needs the store is 503 store_unavailable, faults come first"""
    with Stack(env={"MONGO_URI": None}) as stack:
        tenant = stack.tenant("Broken")
        break_database(stack.orgd.directory)
        expect(stack.call("GET", "/readyz"), 503, "store_unavailable")
        expect(stack.call("GET", "/healthz"), 200)
        for answer in (stack.get(tenant.name), stack.create("New", fresh_email()), stack.try_login(tenant.email),
                       tenant.update(organization_name="New"), tenant.call("DELETE", "/org/delete")):
            expect(answer, 503, "store_unavailable")
        expect(stack.create("New", "bad"), 422, "validation_failed")
        expect(stack.call("PUT", "/org/update", json={}), 401, "unauthenticated")
        expect(stack.call("GET", "/nowhere"), 404)
        must(stack.orgd.alive(), "orgd ended", stack.orgd.log()[-2000:])


@case
def a_locked_store(_):
    """while another program holds SQLite's write lock reads go on, a write is 503 overloaded and leaves nothing"""
    with Stack(env={"MONGO_URI": None}) as stack:
        tenant = stack.tenant("Locked")
        with peek(stack).writes_held():
            expect(stack.get(tenant.name), 200)
            expect(stack.create("Behind a lock", "lock@example.org"), 503, "overloaded")
            expect(stack.get(tenant.name), 200)
        expect(stack.get("Behind a lock"), 404)
        expect(stack.create("Behind a lock", "lock@example.org"), 201)


@case
def data_outlives_a_restart(stack):
    """organizations, passwords and tokens are the same after a restart"""
    tenant = stack.tenant("Restart")
    stack.restart()
    equal(expect(stack.get(tenant.name), 200).json, tenant.org, "the organization")
    must(tenant.alive(), "the token died", tenant.name)
    stack.login(tenant.email)


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
