# SPDX-License-Identifier: Apache-2.0
"""Names over HTTP: the query of GET, slugs, and which spellings are the same organization."""
import hashlib
import re
import unicodedata
import urllib.parse

import tap
from promises import expect, expect_fields, must
from stack import Stack, fresh_email, run
from tap import case, equal

SLUGS = [
    ("Acme Corp", "acme-corp"),
    ("Café Zürich", "cafe-zurich"),
    ("Straße", "strasse"),
    ("Łódź", "lodz"),
    ("Ørsted Đakovo", "orsted-dakovo"),
    ("Þór Æsir Œuvre", "thor-aesir-oeuvre"),
    ("Diyarbakır", "diyarbakir"),
    ("Crème Brûlée GmbH & Co. KG", "creme-brulee-gmbh-co-kg"),
    ("ＦＵＬＬ　Ｗｉｄｔｈ", "full-width"),
    ("Ⅻ ﬁne ①", "xii-fine-1"),
    ("x²", "x2"),
    ("--a--b--", "a-b"),
    ("under_score.dot/slash\\back", "under-score-dot-slash-back"),
    ("$x {y} [z]", "x-y-z"),
    ("O'Neill", "o-neill"),
    ("42", "42"),
    ("Z", "z"),
    ("Administrator", "administrator"),
    ("a" * 48, "a" * 48),
    ("b" * 30 + "  " + "c" * 17, "b" * 30 + "-" + "c" * 17),
]
RESERVED = ["admin", "system", "master", "api", "www", "config", "local"]
HASHED = [
    ("株式会社", "org-"),
    ("公司", "org-"),
    ("Компания", "org-"),
    ("асме", "org-"),
    ("Acme 株式会社", "acme-"),
    ("東京 Tokyo", "tokyo-"),
    ("d" * 49, "d" * 39 + "-"),
    ("e" * 100, "e" * 39 + "-"),
    ("f" * 38 + " " + "g" * 30, "f" * 38 + "-"),
    ("Admin", "admin-"),
    ("API!", "api-"),
]
SAME = [
    ("Key Acme Corp", "key ACME corp"),
    ("Key Café", "Key Cafe\u0301"),
    ("Key Ｗｉｄｅ", "Key Wide"),
    ("Key ﬁrm", "KEY FIRM"),
    ("Key Straße", "KEY STRASSE"),
    ("Key Σίσυφος", "KEY ΣΊΣΥΦΟΣ"),
    ("Key a\u00a0b", "Key  a\u3000 b"),
    ("Key №5", "Key No5"),
    ("Key \u212bngström", "Key \u00c5ngström"),
    ("Key 株式会社", "KEY 株式会社"),
    ("Key ２", "Key 2"),
]
ONE_SLUG = [("Two-Words", "Two Words"), ("Cafe Slug", "Café Slug"), ("Dot.Com", "Dot Com!"), ("Lodz", "Łódź ")]
LOCATION = re.compile(r"/org/get\?organization_name=[A-Za-z0-9%+._~*-]+")
LABEL = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


def key(name):
    """The key of a name, as the contract defines it."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", text).split())


def digits(name):
    return hashlib.sha256(key(name).encode()).hexdigest()[:8]


def create(stack, name):
    return stack.create(name, fresh_email())


def lookup(stack, query, **more):
    return stack.call("GET", "/org/get?" + query, **more)


def slug_of(stack, name):
    """The slug that a name gets; the organization is deleted again, so that names do not meet."""
    email = fresh_email()
    org = expect(stack.create(name, email), 201).json
    must(LABEL.fullmatch(org["slug"]) and len(org["slug"]) <= 48, "no DNS label", org["slug"])
    equal(org["collection_name"], "org_" + org["slug"], "collection_name")
    equal(expect(lookup(stack, "slug=" + org["slug"]), 200).json, org, "the organization by its slug")
    expect(stack.call("DELETE", "/org/delete", token=stack.login(email)), 200)
    return org["slug"]


@case
def slugs_fold_to_ascii(stack):
    """names with an ASCII form get that as their slug"""
    wrong = [(name, slug, slug_of(stack, name)) for name, slug in SLUGS]
    equal([row for row in wrong if row[1] != row[2]], [], "name, wanted slug, slug")


@case
def other_slugs_end_in_a_hash(stack):
    """names without an ASCII form, too long or reserved get up to 39 characters and 8 digits of the key's hash"""
    wrong = [(name, prefix + digits(name), slug_of(stack, name)) for name, prefix in HASHED]
    equal([row for row in wrong if row[1] != row[2]], [], "name, wanted slug, slug")


@case
def reserved_slugs_are_never_given(stack):
    """a reserved word is a good name but no slug"""
    for word in RESERVED:
        equal(slug_of(stack, word), word + "-" + digits(word), word)


@case
def names_of_punctuation_have_slugs(stack):
    """a name of nothing but punctuation or symbols is refused or gets a slug of its own, never an empty one"""
    for name in ("!!!", "---", "\U0001f3d4", "..", "$"):
        answer = create(stack, name)
        if answer.status == 201:
            must(re.fullmatch("org-[0-9a-f]{8}", answer.json["slug"]), "slug", answer)
        else:
            expect_fields(answer, organization_name="invalid")


@case
def equal_keys_are_one_organization(stack):
    """spellings that differ by NFKC, case or white space are one organization, to create, get and rename"""
    other = stack.tenant("Key Other")
    for first, second in SAME:
        org = expect(create(stack, first), 201).json
        expect(create(stack, second), 409, "organization_exists")
        expect(other.update(organization_name=second), 409, "organization_exists")
        for name in (first, second):
            equal(expect(stack.get(name), 200).json, org, name)
            equal(expect(lookup(stack, urllib.parse.urlencode({"organization_name": name})), 200).json, org, name)


@case
def other_scripts_do_not_shadow(stack):
    """look-alikes of other scripts and different names in one script are organizations of their own"""
    ids = {expect(create(stack, name), 201).json["org_id"]
           for name in ("shadow acme", "shadow асме", "株式会社", "公司", "ΑΒΓ", "АВГ")}
    equal(len(ids), 6, "number of organizations")


@case
def one_slug_is_one_organization(stack):
    """two names with one slug conflict, though their keys differ, and each GET tells them apart"""
    for first, second in ONE_SLUG:
        org = expect(create(stack, first), 201).json
        email = fresh_email()
        expect(stack.create(second, email), 409, "organization_exists")
        expect(stack.get(second), 404, "organization_not_found")
        equal(expect(stack.get(first), 200).json, org, first)
        expect(stack.create(first + " else", email), 201)


@case
def rename_to_a_name_of_the_own_slug(stack):
    """a rename that keeps the slug but changes the key works, and the old key is free of meaning"""
    tenant = stack.tenant("Own Slug")
    new = tenant.name.replace(" ", "-")
    org = expect(tenant.update(organization_name=new), 200).json
    equal((org["organization_name"], org["slug"]), (new, tenant.org["slug"]), "name and slug")
    expect(stack.get(tenant.name), 404, "organization_not_found")
    expect(stack.get(new), 200)
    expect(create(stack, tenant.name), 409, "organization_exists")


@case
def exactly_one_key_is_needed(stack):
    """GET /org/get without a key, or with two in the query, is 422"""
    tenant = stack.tenant("Exactly")
    name, slug = urllib.parse.quote(tenant.name), tenant.org["slug"]
    for path in ("/org/get", "/org/get?", "/org/get?&", f"/org/get?organization_name={name}&slug={slug}"):
        expect(stack.call("GET", path), 422, "validation_failed")
    expect(stack.call("GET", "/org/get", body="{}"), 422, "validation_failed")


@case
def query_and_body_are_422(stack):
    """GET /org/get with a key in the query and one in the body is 422, also if they agree"""
    tenant = stack.tenant("Both")
    for query in ("organization_name=" + urllib.parse.quote(tenant.name), "slug=" + tenant.org["slug"]):
        expect(lookup(stack, query, json={"organization_name": tenant.name}), 422, "validation_failed")
    expect(stack.call("GET", "/org/get", json={"slug": tenant.org["slug"]}), 422, "validation_failed")


@case
def repeated_parameters_are_400(stack):
    """a parameter given twice is 400, also with equal values, escaped, or an unknown one"""
    tenant = stack.tenant("Twice")
    name = urllib.parse.quote(tenant.name)
    for query in (f"organization_name={name}&organization_name={name}", "slug=a&slug=b", "slug=a&sl%75g=b",
                  f"organization_name={name}&x=1&x=1", "slug=a&slug", "slug=&slug="):
        expect(lookup(stack, query), 400, "invalid_request")
    expect(tenant.call("DELETE", f"/org/delete?organization_name={name}&organization_name={name}"), 400,
           "invalid_request")
    expect(stack.get(tenant.name), 200)


@case
def malformed_escapes_are_400(stack):
    """a % without two hexadecimal digits is 400, in values and names"""
    tenant = stack.tenant("Escapes")
    for query in ("slug=%", "slug=%4", "slug=a%zz", "slug=%%41", "slug=%u0041", "slug=% 41".replace(" ", "+"), "%=x",
                  "sl%ug=x", "slug=a&%", "slug=%-1"):
        expect(lookup(stack, query), 400, "invalid_request")
    expect(tenant.call("DELETE", "/org/delete?organization_name=%zz"), 400, "invalid_request")


@case
def bytes_that_are_no_text_are_refused(stack):
    """invalid UTF-8, surrogates, overlong forms and NUL in a query are 400 or 422, never a match"""
    for text in ("%ff", "%c3", "%ed%a0%80", "%c0%af", "%c0%80", "%f4%90%80%80", "%00", "a%00b", "%e2%82"):
        for parameter in ("organization_name", "slug"):
            answer = lookup(stack, f"{parameter}={text}")
            must(answer.status in (400, 422), "not refused", answer)
    for text in (b"\xff", b"\xc3\xa9", b"a\x01b"):
        answer = stack.raw(b"GET /org/get?organization_name=" + text + b" HTTP/1.1\r\nHost: x\r\n"
                           b"Connection: close\r\n\r\n")
        must(answer.status in (400, 404, 422), "not refused", answer)


@case
def blanks_in_a_query(stack):
    """+ and %20 are both a blank, %2B is a plus, upper and lower hexadecimal digits are one"""
    plus = expect(create(stack, "Query A+B é"), 201).json
    blank = expect(create(stack, "Query A B ü"), 201).json
    for query, org in (("Query+A%2BB+%c3%a9", plus), ("Query%20A%2bB%20%C3%A9", plus), ("Query+A+B+%C3%BC", blank),
                       ("Query%20A%20B%20%c3%bc", blank), ("%51uery+A+B%20u%CC%88", blank)):
        equal(expect(lookup(stack, "organization_name=" + query), 200).json, org, query)


@case
def unknown_parameters_are_named(stack):
    """an unknown parameter is 422 unknown, beside a good one and alone"""
    tenant = stack.tenant("Parameter")
    expect_fields(lookup(stack, f"slug={tenant.org['slug']}&x=1"), x="unknown")
    must(b'"x"' in expect(lookup(stack, "x=1"), 422, "validation_failed").body, "not named", "x")
    for odd in ("SLUG=a", "slug[]=a", "slug[$ne]=a"):
        expect(lookup(stack, odd), 422, "validation_failed")
    expect_fields(tenant.call("DELETE", "/org/delete?x=1"), x="unknown")
    expect(stack.get(tenant.name), 200)


@case
def names_of_a_query_keep_the_rules(stack):
    """a name in a query is bounded, trimmed and folded like any other"""
    tenant = stack.tenant("Rules")
    expect(lookup(stack, "organization_name=++" + tenant.name.replace(" ", "%09+") + "+"), 200)
    for text in ("", "+", "x" * 101, "a%01b", "%E5%AD%97" * 101):
        answer = lookup(stack, "organization_name=" + text)
        expect_fields(answer, organization_name={"required", "too_short", "too_long", "invalid"})
    for slug in ("", "A+B", "x" * 300, "%24ne", "a%2Fb"):
        answer = lookup(stack, "slug=" + slug)
        must(answer.status in (404, 422), "neither 404 nor 422", answer)


@case
def location_finds_any_name(stack):
    """the Location of a create leads to the organization, whatever its name is"""
    for name in ("Loc A&B=C?D#E", "Loc 50% + 1", "Loc 株式会社", 'Loc "quoted" <b>', "Loc a/b/../c",
                 "Loc \U0001f3d4", "Loc %0d%0aX-Evil: 1"):
        answer = expect(create(stack, name), 201)
        must(answer.header("X-Evil") is None, "a header was smuggled in", answer)
        must(LOCATION.fullmatch(answer.header("Location")), "Location", answer)
        equal(expect(stack.call("GET", answer.header("Location")), 200).json, answer.json, name)


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
