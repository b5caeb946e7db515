# SPDX-License-Identifier: Apache-2.0
"""What every answer of the service keeps to, whatever the request was."""
import json
import re

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CODES = {
    "invalid_json": 400, "invalid_request": 400, "unauthenticated": 401, "invalid_token": 401,
    "invalid_credentials": 401, "forbidden": 403, "creation_closed": 403, "organization_limit": 403,
    "organization_not_found": 404, "not_found": 404, "method_not_allowed": 405,
    "organization_exists": 409, "email_taken": 409, "organization_busy": 409, "body_too_large": 413,
    "unsupported_media_type": 415, "validation_failed": 422, "internal": 500, "overloaded": 503,
    "store_unavailable": 503,
}
FIELD_CODES = {"required", "unknown", "wrong_type", "too_short", "too_long", "invalid", "too_common",
               "incorrect"}
CHALLENGE = 'Bearer realm="orgd"'
NEVER_SHOWN = re.compile(rb"\$2[aby]\$\d\d\$|sqlite|mongoc|/tmp/|/var/lib|\.sock\b", re.IGNORECASE)


def must(condition, text, answer):
    if not condition:
        raise AssertionError(f"{text}\n{answer!r}")


def unique_pairs(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("duplicate keys in an answer: " + ", ".join(keys))
    return dict(pairs)


def parse(body):
    """The JSON of an answer; duplicate keys and invalid UTF-8 are errors."""
    return json.loads(body.decode("utf-8", "strict"), object_pairs_hook=unique_pairs)


def check(answer, sent_id=None):
    """Asserts the promises that hold for all answers; sent_id is the caller's X-Request-Id."""
    check_request_id(answer, sent_id)
    if answer.status == 204:
        must(answer.body == b"", "204 with a body", answer)
    else:
        check_content(answer)
    if answer.status >= 400:
        check_error_headers(answer)
        if answer.method != "HEAD":
            check_problem(answer)
    elif b'"access_token":"' in answer.body:
        must("no-store" in answer.header("Cache-Control", ""), "token without no-store", answer)


def check_request_id(answer, sent_id):
    ids = answer.headers.get_all("X-Request-Id") or []
    must(len(ids) == 1, "not exactly one X-Request-Id", answer)
    must(REQUEST_ID.fullmatch(ids[0]), "malformed X-Request-Id", answer)
    if sent_id is not None and REQUEST_ID.fullmatch(sent_id):
        must(ids[0] == sent_id, "the caller's X-Request-Id was not kept", answer)
    elif sent_id is not None:
        must(ids[0] != sent_id, "a bad X-Request-Id was kept", answer)


def check_content(answer):
    types = answer.headers.get_all("Content-Type") or []
    must(len(types) == 1, "not exactly one Content-Type", answer)
    media = types[0].split(";")[0].strip().lower()
    if answer.status >= 400:
        wanted = {"application/problem+json"}
    else:
        wanted = {"application/json", "text/plain"} if answer.path.endswith("/metrics") else {"application/json"}
    must(media in wanted, "unexpected Content-Type", answer)
    if media != "text/plain" and answer.method != "HEAD":
        must(isinstance(answer.json, dict), "the body is no JSON object", answer)


def check_error_headers(answer):
    challenge = answer.header("WWW-Authenticate")
    if answer.status == 401:
        must((challenge or "").startswith(CHALLENGE), "401 without a Bearer challenge", answer)
    else:
        must(challenge is None, "a challenge without 401", answer)
    if answer.status == 405:
        must(answer.header("Allow"), "405 without Allow", answer)
    if answer.status in (429, 503):
        must(re.fullmatch(r"[1-9][0-9]*", answer.header("Retry-After", "")), "no Retry-After in seconds", answer)


def check_problem(answer):
    problem = answer.json
    must(problem.get("type") == "about:blank", "type is not about:blank", answer)
    must(problem.get("status") == answer.status, "status is not the HTTP status", answer)
    for name in ("title", "detail", "code"):
        must(isinstance(problem.get(name), str) and problem[name], name + " is missing", answer)
    must(problem.get("request_id") == answer.header("X-Request-Id"), "request_id is not the header's", answer)
    must(problem.get("error") == problem["code"], "error does not repeat code", answer)
    must(problem.get("message") == problem["detail"], "message does not repeat detail", answer)
    must(CODES.get(problem["code"], answer.status) == answer.status, "code belongs to another status", answer)
    must(not NEVER_SHOWN.search(answer.body), "an inner detail is shown", answer)
    if answer.status == 422:
        check_errors(answer)
    else:
        must("errors" not in problem, "errors outside of 422", answer)
    if answer.status == 401:
        bad = 'error="invalid_token"' in answer.header("WWW-Authenticate")
        must(bad == (problem["code"] == "invalid_token"), "the challenge does not fit the code", answer)


def check_errors(answer):
    errors = answer.json.get("errors")
    must(isinstance(errors, list) and errors, "422 without errors", answer)
    for error in errors:
        must(set(error) >= {"field", "code", "message"}, "an entry of errors lacks a member", answer)
        must(error["code"] in FIELD_CODES, "unknown field code", answer)
        must(isinstance(error["message"], str) and error["message"], "an entry without a message", answer)


def expect(answer, status, code=None):
    """The status and, of an error, the code; returns the answer."""
    must(answer.status == status, f"wanted {status} {code or ''}", answer)
    if code is not None:
        wanted = {code} if isinstance(code, str) else set(code)
        must(answer.json.get("code") in wanted, f"wanted code {code}", answer)
    return answer


def expect_fields(answer, **wanted):
    """A 422 whose errors name exactly these fields; a value is one code or a set of allowed ones."""
    expect(answer, 422, "validation_failed")
    got = {error["field"]: error["code"] for error in answer.json["errors"]}
    must(set(got) == set(wanted), f"wanted errors for {sorted(wanted)}", answer)
    for field, codes in wanted.items():
        allowed = {codes} if isinstance(codes, str) else set(codes)
        must(got[field] in allowed, f"wanted {field}: {codes}", answer)
    return answer
