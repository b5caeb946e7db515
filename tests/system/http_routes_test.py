# SPDX-License-Identifier: Apache-2.0
"""The routes over HTTP: what each answers, routing, methods, and which fault answers first."""
import re
import urllib.parse

import tap
from promises import CHALLENGE, expect, expect_fields, must
from stack import PASSWORD, Stack, fresh_email, run
from tap import case, equal

ORGANIZATION = {"org_id", "organization_name", "slug", "collection_name", "admin_id", "status",
                "created_at", "updated_at"}
ROUTES = [
    ("/org/create", {"POST", "OPTIONS"}),
    ("/org/get", {"GET", "HEAD", "OPTIONS"}),
    ("/admin/login", {"POST", "OPTIONS"}),
    ("/org/update", {"PUT", "OPTIONS"}),
    ("/org/delete", {"DELETE", "OPTIONS"}),
    ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    ("/readyz", {"GET", "HEAD", "OPTIONS"}),
    ("/openapi.json", {"GET", "HEAD", "OPTIONS"}),
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def allowed(answer):
    return {word.strip() for word in answer.header("Allow", "").split(",")}


def check_organization(answer):
    org = answer.json
    must(ORGANIZATION <= set(org), "a member of the organization is missing", answer)
    must(re.fullmatch("[0-9a-f]{24}", org["org_id"]), "org_id is not 24 hex digits", answer)
    must(re.fullmatch("[0-9a-f]{24}", org["admin_id"]), "admin_id is not 24 hex digits", answer)
    must(org["org_id"] != org["admin_id"], "one id for two things", answer)
    must(TIME.fullmatch(org["created_at"]) and TIME.fullmatch(org["updated_at"]), "a time is not RFC 3339", answer)
    equal(org["status"], "active", "status")
    equal(org["collection_name"], "org_" + org["slug"], "collection_name")
    return org


@case
def create_answers_201(stack):
    """POST /org/create answers 201 with the organization and where it is"""
    answer = expect(stack.create("Routes & Söhne 1", fresh_email()), 201)
    org = check_organization(answer)
    equal(org["organization_name"], "Routes & Söhne 1", "organization_name")
    equal(org["created_at"], org["updated_at"], "updated_at")
    location = answer.header("Location")
    must(location.startswith("/org/get?organization_name="), "Location", answer)
    equal(expect(stack.call("GET", location), 200).json, org, "the organization at Location")


@case
def get_by_each_key(stack):
    """GET /org/get finds by name, by slug and by body, with one and the same answer"""
    tenant = stack.tenant("By Key")
    org = check_organization(expect(stack.get(tenant.name), 200))
    equal(org, tenant.org, "the created organization")
    for query in ({"organization_name": tenant.name}, {"slug": org["slug"]}):
        answer = stack.call("GET", "/org/get?" + urllib.parse.urlencode(query))
        equal(expect(answer, 200).json, org, str(query))


@case
def get_of_an_unknown_name(stack):
    """GET /org/get of an unknown name or slug is 404 organization_not_found"""
    for query in ("organization_name=nobody+here", "slug=nobody-here"):
        expect(stack.call("GET", "/org/get?" + query), 404, "organization_not_found")


@case
def login_answers_a_token(stack):
    """POST /admin/login answers a bearer token with the ids, never to be stored"""
    tenant = stack.tenant("Login")
    answer = expect(stack.try_login(tenant.email), 200)
    login = answer.json
    equal(set(login), {"access_token", "token_type", "expires_in", "admin_id", "org_id", "organization_name",
                       "role"}, "members")
    equal(login["token_type"], "Bearer", "token_type")
    equal(login["expires_in"], 900, "expires_in")
    equal(login["role"], "admin", "role")
    equal(login["organization_name"], tenant.name, "organization_name")
    equal((login["org_id"], login["admin_id"]), (tenant.org["org_id"], tenant.org["admin_id"]), "ids")


@case
def update_renames(stack):
    """PUT /org/update renames: the new name answers, the old one is 404 and free, the ids stay"""
    tenant = stack.tenant("Old Name")
    new = tenant.name.replace("Old", "New")
    org = check_organization(expect(tenant.update(organization_name=new), 200))
    equal(org["organization_name"], new, "organization_name")
    equal((org["org_id"], org["admin_id"]), (tenant.org["org_id"], tenant.org["admin_id"]), "ids")
    must(org["slug"] != tenant.org["slug"] and org["created_at"] == tenant.org["created_at"], "slug", org)
    equal(expect(stack.get(new), 200).json, org, "the renamed organization")
    expect(stack.get(tenant.name), 404, "organization_not_found")
    expect(stack.create(tenant.name, fresh_email()), 201)


@case
def update_to_the_same_name(stack):
    """a rename to the present name, or to another spelling of it, is 200 and keeps the slug"""
    tenant = stack.tenant("Same")
    for name in (tenant.name, tenant.name.upper(), tenant.name):
        org = expect(tenant.update(organization_name=name), 200).json
        equal((org["organization_name"], org["slug"]), (name, tenant.org["slug"]), "name and slug")
        equal(expect(stack.get(tenant.name), 200).json["organization_name"], name, "stored name")


@case
def delete_answers_what_is_gone(stack):
    """DELETE /org/delete answers the id and name; name and email are free again, under new ids"""
    tenant = stack.tenant("Gone")
    answer = expect(tenant.call("DELETE", "/org/delete"), 200)
    equal(answer.json, {"deleted": True, "org_id": tenant.org["org_id"], "organization_name": tenant.name}, "answer")
    expect(stack.get(tenant.name), 404, "organization_not_found")
    expect(stack.try_login(tenant.email), 401, "invalid_credentials")
    again = expect(stack.create(tenant.name, tenant.email), 201).json
    must(again["org_id"] != tenant.org["org_id"], "org_id used again", again)
    must(again["admin_id"] != tenant.org["admin_id"], "admin_id used again", again)


@case
def delete_with_the_own_name(stack):
    """DELETE with the own name, in the query or the body, in any spelling of the key, deletes"""
    for place in ("query", "body"):
        tenant = stack.tenant("Named")
        name = tenant.name.upper()
        if place == "query":
            answer = tenant.call("DELETE", "/org/delete?" + urllib.parse.urlencode({"organization_name": name}))
        else:
            answer = tenant.call("DELETE", "/org/delete", json={"organization_name": name})
        expect(answer, 200)
        expect(stack.get(tenant.name), 404)


@case
def delete_with_another_name(stack):
    """DELETE with another name is 403 forbidden whether or not that name exists, and deletes nothing"""
    tenant, other = stack.tenant("Mine"), stack.tenant("Theirs")
    details = set()
    for name in (other.name, "nobody has this name"):
        query = "/org/delete?" + urllib.parse.urlencode({"organization_name": name})
        for answer in (tenant.call("DELETE", query),
                       tenant.call("DELETE", "/org/delete", json={"organization_name": name})):
            details.add(expect(answer, 403, "forbidden").json["detail"].replace(name, "NAME"))
    equal(len(details), 1, "number of different details")
    for one in (tenant, other):
        expect(stack.get(one.name), 200)


@case
def conflicts_of_create(stack):
    """create with a taken name, email, or both is 409; the name is told first; no value is repeated"""
    tenant = stack.tenant("Taken")
    expect(stack.create(tenant.name, fresh_email()), 409, "organization_exists")
    answer = expect(stack.create("Free name for a taken email", tenant.email.upper()), 409, "email_taken")
    must(tenant.email.encode() not in answer.body.lower(), "the email is in the answer", answer)
    expect(stack.create(tenant.name, tenant.email), 409, "organization_exists")
    expect(stack.get("Free name for a taken email"), 404)


@case
def conflicts_of_update(stack):
    """update to a taken name or email is 409 and changes nothing at all"""
    tenant, other = stack.tenant("Update"), stack.tenant("Blocker")
    expect(tenant.update(organization_name=other.name), 409, "organization_exists")
    expect(tenant.update(email=other.email), 409, "email_taken")
    expect(tenant.update(organization_name="Update half", email=other.email), 409, "email_taken")
    expect(tenant.update(organization_name=other.name, email=fresh_email()), 409, "organization_exists")
    equal(expect(stack.get(tenant.name), 200).json, tenant.org, "the organization")
    equal(expect(stack.get(other.name), 200).json, other.org, "the other organization")
    expect(stack.get("Update half"), 404)
    must(tenant.alive(), "the token died by an update that failed", tenant.name)
    stack.login(tenant.email)


@case
def health_and_readiness(stack):
    """GET /healthz and /readyz answer status ok"""
    for path in ("/healthz", "/readyz"):
        equal(expect(stack.call("GET", path), 200).json, {"status": "ok"}, path)


@case
def openapi_lists_the_routes(stack):
    """GET /openapi.json is OpenAPI 3.1 of exactly the routes that exist"""
    document = expect(stack.call("GET", "/openapi.json"), 200).json
    must(document["openapi"].startswith("3.1"), "not OpenAPI 3.1", document["openapi"])
    verbs = {"get", "post", "put", "delete", "patch"}
    listed = {path: {verb.upper() for verb in item if verb in verbs} for path, item in document["paths"].items()}
    listed.pop("/metrics", None)
    equal(listed, {path: methods - {"HEAD", "OPTIONS"} for path, methods in ROUTES}, "routes")


@case
def head_is_get_without_a_body(stack):
    """HEAD answers as GET does, without the body"""
    tenant = stack.tenant("Head")
    query = "/org/get?" + urllib.parse.urlencode({"organization_name": tenant.name})
    for path in ("/healthz", "/readyz", "/openapi.json", query, "/org/get?slug=nobody", "/org/get", "/nowhere"):
        get, head = stack.call("GET", path), stack.call("HEAD", path)
        equal(head.status, get.status, path)
        equal(head.body, b"", path)
        equal(head.header("Content-Type"), get.header("Content-Type"), path)


@case
def options_name_the_methods(stack):
    """OPTIONS answers 204 with exactly the allowed methods, and 404 for an unknown path"""
    for path, methods in ROUTES:
        answer = expect(stack.call("OPTIONS", path), 204)
        equal(allowed(answer), methods, path)
    expect(stack.call("OPTIONS", "/nowhere"), 404)


@case
def other_methods_are_405(stack):
    """every other method of a known path is 405 with Allow"""
    for path, methods in ROUTES:
        for method in set(METHODS + ["XFOO"]) - methods:
            answer = stack.call(method, path)
            must(answer.status == 405, "not 405", answer)
            equal(allowed(answer), methods, f"{method} {path}")
            if method != "HEAD":
                equal(answer.code, "method_not_allowed", f"{method} {path}")


@case
def unknown_paths_are_404(stack):
    """unknown paths, a slash at the end, other case, encodings and dot segments are 404 not_found"""
    paths = ["/", "/org", "/org/", "/nowhere", "/healthz/", "/org/get/", "/Org/Get", "/HEALTHZ", "//healthz",
             "/org//get", "/org%2Fget", "/org%2fget", "/./healthz", "/org/../healthz", "/org/./get", "/healthz/.",
             "/healthz/..", "/%2e/healthz", "/org/%2e%2e/healthz", "/healthz%20", "/healthz;x=1",
             "/org/get.json", "/x/org/get", "/metrics", "/api/healthz", "/healthz%3Fx", "/org/create/x"]
    for path in paths:
        for method in ("GET", "POST"):
            expect(stack.call(method, path), 404, "not_found")


@case
def odd_paths_never_break(stack):
    """raw bytes, broken escapes and format strings in a path are refused, and the service lives"""
    for path in (b"/\xff\xfe", b"/org/\x01get", b"/%zz", b"/%", b"/%s%n%s%n", b"/healthz%ff", b"/" + b"a" * 4000,
                 b"/org/get%00", b"/%00"):
        answer = stack.raw(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        must(answer.status in (400, 404), "not refused", answer)
    expect(stack.call("GET", "/healthz"), 200)


@case
def queries_do_not_route(stack):
    """a query is no part of the path"""
    expect(stack.call("GET", "/healthz?x=/../y&z=%2F"), 200)
    expect(stack.call("GET", "/nowhere?/healthz"), 404, "not_found")


@case
def path_faults_come_first(stack):
    """404 and 405 answer before the token and the body are looked at"""
    for method, path, status in (("PUT", "/nowhere", 404), ("GET", "/org/update", 405), ("DELETE", "/org/create", 405)):
        expect(stack.call(method, path, body="{broken", content_type="text/plain", token="bad"), status)


@case
def token_faults_come_before_the_body(stack):
    """a missing or bad token answers before anything in the body does"""
    for method, path in (("PUT", "/org/update"), ("DELETE", "/org/delete")):
        answer = stack.call(method, path, body="{broken", content_type="text/plain")
        equal(expect(answer, 401, "unauthenticated").header("WWW-Authenticate"), CHALLENGE, "challenge")
        expect(stack.call(method, path, body="{broken", content_type="text/plain", token="bad"), 401, "invalid_token")


@case
def body_faults_in_their_order(stack):
    """413 before 415, 415 before 400, 400 before 422, 422 before 403 forbidden and 409"""
    tenant, other = stack.tenant("Order"), stack.tenant("Other")
    big = b"{broken" + b" " * 3000
    expect(tenant.call("PUT", "/org/update", body=big, content_type="text/plain"), 413, "body_too_large")
    expect(tenant.call("PUT", "/org/update", body="{broken", content_type="text/plain"), 415, "unsupported_media_type")
    expect(tenant.call("PUT", "/org/update", body='{"x":1,"email":"bad","email":"bad"}'), 400, "invalid_json")
    expect_fields(tenant.call("DELETE", "/org/delete", json={"organization_name": other.name, "x": 1}), x="unknown")
    expect_fields(tenant.update(organization_name=other.name, password="short"), password="too_short")
    expect_fields(stack.create(other.name, "bad"), email="invalid")


@case
def current_password_before_conflicts(stack):
    """a wrong current_password answers before a taken name or email does"""
    tenant, other = stack.tenant("Current"), stack.tenant("Taken")
    for fields in ({"organization_name": other.name}, {"email": other.email}, {"organization_name": "Current free"}):
        answer = tenant.update(current_password="not the right one", **fields)
        expect_fields(answer, current_password="incorrect")
    expect(tenant.update(current_password=PASSWORD, organization_name=other.name), 409, "organization_exists")
    expect(tenant.update(current_password=PASSWORD, organization_name=tenant.name), 200)


@case
def request_ids_are_kept_or_replaced(stack):
    """a caller's X-Request-Id of 1..64 safe characters is kept, any other replaced by a new one"""
    for given in ("a", "0", "Az.09_-", "x" * 64):
        for path in ("/healthz", "/nowhere", "/org/update"):
            equal(stack.call("GET", path, headers={"X-Request-Id": given}).header("X-Request-Id"), given, path)
    for given in ("", "x" * 65, "a b", "a/b", "é", "a;b", '"', "<x>", "a,b", "x" * 5000):
        stack.call("GET", "/healthz", headers={"X-Request-Id": given})
    ids = {stack.call("GET", "/healthz").header("X-Request-Id") for _ in range(20)}
    equal(len(ids), 20, "number of different ids")


@case
def the_log_is_one_line_a_request(stack):
    """each request leaves one log line with its id, none with a password or a token in it"""
    name = "log-me-4711"
    tenant = stack.tenant("Log")
    tenant.call("PUT", "/org/update", json={"organization_name": "Log\u2028line%s%n"}, headers={"X-Request-Id": name})
    stack.try_login(tenant.email, "a wrong password")
    tap.wait_until(lambda: name in stack.orgd.log(), what="the log line")
    lines = [line for line in stack.orgd.log().splitlines() if name in line]
    equal(len(lines), 1, "number of lines")
    for secret in (PASSWORD, "a wrong password", tenant.token, stack.orgd.env["JWT_SECRET_KEY"]):
        must(secret not in stack.orgd.log(), "a secret is in the log", secret)


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack(env={"ORGD_MAX_BODY": "2048"}).start()))
