# SPDX-License-Identifier: Apache-2.0
"""Request bodies over HTTP: what counts as JSON, content types, sizes."""
import json

import fastcgi
import tap
from promises import expect, expect_fields, must
from stack import PASSWORD, Stack, fresh_email, run
from tap import case, equal

MAX_BODY = 2048
BAD_JSON = [
    ("no JSON", b"hello"),
    ("cut off", b'{"email":"a@x.org"'),
    ("cut off in a string", b'{"email":"a@x.or'),
    ("an empty key without value", b'{""}'),
    ("a key without quotes", b'{email:"a@x.org"}'),
    ("single quotes", b"{'email':'a@x.org'}"),
    ("a comma at the end", b'{"email":"a@x.org",}'),
    ("two commas", b'{"email":"a@x.org",,"password":"x"}'),
    ("no colon", b'{"email" "a@x.org"}'),
    ("a comment", b'{"email":"a@x.org"}/* x */'),
    ("a comment inside", b'{/* x */"email":"a@x.org"}'),
    ("an array at the top", b'["email"]'),
    ("a string at the top", b'"email"'),
    ("a number at the top", b"1"),
    ("null at the top", b"null"),
    ("true at the top", b"true"),
    ("blanks only", b"  \n "),
    ("a NUL only", b"\x00"),
    ("one key twice", b'{"email":"a@x.org","email":"b@x.org"}'),
    ("one key twice, once escaped", b'{"email":"a@x.org","em\\u0061il":"b@x.org"}'),
    ("one key twice, deeper", b'{"x":{"a":1,"a":1}}'),
    ("one key twice, in an array", b'{"x":[{"a":1,"a":1}]}'),
    ("an empty key twice", b'{"":1,"":2}'),
    ("a raw NUL in a string", b'{"email":"a\x00@x.org"}'),
    ("a raw NUL at the end", b'{"email":"a@x.org"}\x00'),
    ("an escaped NUL in a value", b'{"email":"a\\u0000@x.org"}'),
    ("an escaped NUL in a key", b'{"email\\u0000x":"a@x.org"}'),
    ("an escaped NUL deeper", b'{"x":["a\\u0000"]}'),
    ("a lone high surrogate", b'{"email":"\\ud800"}'),
    ("a lone low surrogate", b'{"email":"\\udc00"}'),
    ("surrogates in the wrong order", b'{"email":"\\udc00\\ud800"}'),
    ("a high surrogate before a letter", b'{"email":"\\ud800x"}'),
    ("a high surrogate before another escape", b'{"email":"\\ud83d\\u0041"}'),
    ("a lone surrogate in a key", b'{"\\ud800":1}'),
    ("surrogates as UTF-8", b'{"email":"\xed\xa0\x80"}'),
    ("a bad escape", b'{"email":"\\x41"}'),
    ("a short \\u escape", b'{"email":"\\u12"}'),
    ("a \\u escape with a letter", b'{"email":"\\u12G4"}'),
    ("a single 0xff", b'{"email":"\xff"}'),
    ("a Latin-1 letter", b'{"email":"\xe9@x.org"}'),
    ("UTF-8 cut off", b'{"email":"\xe2\x82"}'),
    ("an overlong slash", b'{"email":"\xc0\xaf"}'),
    ("an overlong NUL", b'{"email":"\xc0\x80"}'),
    ("beyond U+10FFFF", b'{"email":"\xf4\x90\x80\x80"}'),
    ("invalid UTF-8 in a key", b'{"\xff":1}'),
    ("invalid UTF-8 outside of strings", b'{"email":"a@x.org"\xa0}'),
    ("trailing letters", b'{"email":"a@x.org"}x'),
    ("a second object", b'{"email":"a@x.org"}{"email":"a@x.org"}'),
    ("a second closing brace", b'{"email":"a@x.org"}}'),
    ("a leading zero", b'{"email":01}'),
    ("a negative leading zero", b'{"email":-01}'),
    ("no digit after the point", b'{"email":1.}'),
    ("no digit before the point", b'{"email":.5}'),
    ("a plus sign", b'{"email":+1}'),
    ("a minus alone", b'{"email":-}'),
    ("an exponent without digits", b'{"email":1e}'),
    ("a hexadecimal number", b'{"email":0x10}'),
    ("NaN", b'{"email":NaN}'),
    ("Infinity", b'{"email":Infinity}'),
    ("minus Infinity", b'{"email":-Infinity}'),
    ("truex", b'{"email":truex}'),
    ("True", b'{"email":True}'),
    ("nul", b'{"email":nul}'),
    ("a byte order mark", b'\xef\xbb\xbf{"email":"a@x.org"}'),
    ("UTF-16", '{"email":"a@x.org"}'.encode("utf-16")),
    ("a raw line feed in a string", b'{"email":"a\n@x.org"}'),
    ("a raw tab in a string", b'{"email":"a\t@x.org"}'),
    ("a raw 0x1f in a string", b'{"email":"a\x1f@x.org"}'),
    ("a vertical tab as white space", b'{\x0b"email":"a@x.org"}'),
    ("a form feed as white space", b'{\x0c"email":"a@x.org"}'),
    ("a no-break space as white space", b'{\xc2\xa0"email":"a@x.org"}'),
    ("0x01 before the object", b'\x01{"email":"a@x.org"}'),
]
GOOD_JSON = [
    ("white space everywhere", ' \t\r\n{ "email" :\r\n\t"%s" , "password" : "%s" } \n'),
    ("escapes in a value", '{"email":"%s","password":"viol\\u0065t-anvil-72-meadow"}'),
    ("escapes in a key", '{"em\\u0061il":"%s","p\\u0061ssword":"%s"}'),
]
BAD_TYPES = ["text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded", "application/xml",
             "multipart/form-data; boundary=x", "application", "json", "application/json2; charset=utf-8",
             "application/problem+json", "*/*", "application/*", ";application/json", "application /json"]
GOOD_TYPES = ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
              'application/json; charset="utf-8"', "Application/JSON", "application/json ;charset=utf-8"]


def nested(levels):
    """An object that many levels deep, with arrays and objects in turn."""
    text = "1"
    for level in range(levels - 1):
        text = f"[{text}]" if level % 2 else f'{{"a":{text}}}'
    return f'{{"x":{text}}}'


def login(stack, **how):
    return stack.call("POST", "/admin/login", **how)


@case
def broken_json_is_400(stack):
    """everything that is not exactly one JSON object in UTF-8 is 400 invalid_json"""
    wrong = []
    for title, body in BAD_JSON:
        answer = login(stack, body=body)
        if answer.status != 400 or answer.code != "invalid_json":
            wrong.append(f"{title}: {answer.status} {answer.code}")
    equal(wrong, [], "taken for JSON")


@case
def broken_json_on_every_route(stack):
    """each route that reads a body refuses broken JSON and a key given twice"""
    tenant = stack.tenant("Broken")
    for body in ("{", '{"organization_name":"a","organization_name":"b"}'):
        for method, path in (("POST", "/org/create"), ("GET", "/org/get"), ("PUT", "/org/update"),
                             ("DELETE", "/org/delete")):
            expect(tenant.call(method, path, body=body), 400, "invalid_json")
    expect(stack.get(tenant.name), 200)


@case
def an_empty_body_is_400(stack):
    """an empty body where one is needed is 400"""
    for method, path in (("POST", "/org/create"), ("POST", "/admin/login"), ("PUT", "/org/update")):
        tenant_token = stack.tenant("Empty").token if method == "PUT" else None
        for how in ({"body": b""}, {"body": b"", "content_type": None}, {}):
            expect(stack.call(method, path, token=tenant_token, **how), 400, {"invalid_json", "invalid_request"})


@case
def nesting_ends_at_32_levels(stack):
    """32 levels are JSON (422 for the unknown field), 33 are 400, and a thousand do no harm"""
    expect_fields(login(stack, body=nested(32)), x="unknown", email="required", password="required")
    expect(login(stack, body=nested(33)), 400, "invalid_json")
    for body in ('{"x":' + "[" * 1000, '{"x":' * 300, "[" * 2000, nested(400)):
        expect(login(stack, body=body), 400, "invalid_json")


@case
def unusual_json_is_accepted(stack):
    """white space and escapes are read as JSON says"""
    tenant = stack.tenant("Unusual")
    for title, body in GOOD_JSON:
        values = (tenant.email, PASSWORD)[:body.count("%s")]
        must(login(stack, body=body % values).status == 200, title, body)


@case
def escaped_pairs_are_one_character(stack):
    """a pair of surrogates in escapes is the character itself"""
    body = '{"organization_name":"Pair \\ud83c\\udfd4","email":"%s","password":"%s"}' % (fresh_email(), PASSWORD)
    org = expect(stack.call("POST", "/org/create", body=body), 201).json
    equal(org["organization_name"], "Pair \U0001f3d4", "organization_name")
    equal(expect(stack.get("Pair \U0001f3d4"), 200).json, org, "the same organization")


@case
def keys_are_exact(stack):
    """a key in other case or with blanks is an unknown field"""
    body = {"EMAIL": "a@x.org", "email ": "a@x.org", "email": "a@x.org", "password": PASSWORD}
    expect_fields(login(stack, json=body), **{"EMAIL": "unknown", "email ": "unknown"})


@case
def other_types_are_415(stack):
    """a body that is not application/json is 415 unsupported_media_type"""
    body = json.dumps({"email": "a@x.org", "password": PASSWORD})
    for content_type in BAD_TYPES:
        expect(login(stack, body=body, content_type=content_type), 415, "unsupported_media_type")
    expect(login(stack, body=body, content_type=None), 415, "unsupported_media_type")


@case
def parameters_of_the_type_are_accepted(stack):
    """application/json in any case, with a charset of UTF-8, is accepted"""
    tenant = stack.tenant("Types")
    body = json.dumps({"email": tenant.email, "password": PASSWORD})
    for content_type in GOOD_TYPES:
        must(login(stack, body=body, content_type=content_type).status == 200, content_type, "refused")


@case
def a_type_on_every_route(stack):
    """each route that reads a body wants application/json"""
    tenant = stack.tenant("Type")
    body = json.dumps({"organization_name": tenant.name})
    for method, path in (("GET", "/org/get"), ("PUT", "/org/update"), ("DELETE", "/org/delete")):
        expect(tenant.call(method, path, body=body, content_type="text/plain"), 415, "unsupported_media_type")
    expect(stack.get(tenant.name), 200)


@case
def bodies_up_to_the_limit(stack):
    """a body of ORGD_MAX_BODY bytes is read, one byte more is 413 body_too_large"""
    tenant = stack.tenant("Limit")
    body = json.dumps({"email": tenant.email, "password": PASSWORD}).encode()
    expect(login(stack, body=body.ljust(MAX_BODY)), 200)
    expect(login(stack, body=body.ljust(MAX_BODY + 1)), 413, "body_too_large")


@case
def a_body_beyond_the_limit_spoils_no_connection(stack):
    """after a 413 the kept connection serves the next request: nginx may already have sent it, and would answer 502"""
    for size in (MAX_BODY + 1, MAX_BODY + 2, 2 * MAX_BODY, 20000, 65536):
        with fastcgi.Connection(stack.orgd.socket_path) as connection:
            first = connection.call("POST", "/admin/login", b" " * size)
            equal(first.status, 413, f"status for {size} bytes")
            second = connection.call("GET", "/healthz")
            equal(second and second.status, 200, f"status of the request after {size} bytes")


@case
def chunked_bodies_are_read(stack):
    """a chunked body is read like any other, and is bounded like any other"""
    tenant = stack.tenant("Chunked")
    body = json.dumps({"email": tenant.email, "password": PASSWORD}).encode()
    head = (b"POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    for text, status in ((body, 200), (body.ljust(MAX_BODY), 200), (body.ljust(MAX_BODY + 1), 413), (b"", 400)):
        half = len(text) // 2
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (text[:half], text[half:]) if part)
        expect(stack.raw(head + chunks + b"0\r\n\r\n", "POST"), status)


@case
def injections_are_wrong_types(stack):
    """objects where a string is due are 422, whatever they are named"""
    for value in ({"$ne": None}, {"$gt": ""}, {"$where": "1"}, ["a@x.org"], 1, 1.5, True, 1e999):
        answer = login(stack, body=json.dumps({"email": value, "password": value}).replace("Infinity", "1e999"))
        expect_fields(answer, email="wrong_type", password="wrong_type")


@case
def the_service_lives_after_all_that(stack):
    """healthz and a login still answer, by the same process"""
    must(stack.orgd.alive(), "orgd ended", stack.orgd.log()[-2000:])
    expect(stack.call("GET", "/healthz"), 200)
    stack.tenant("After")


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack(env={"ORGD_MAX_BODY": str(MAX_BODY)}).start()))
