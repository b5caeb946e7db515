# SPDX-License-Identifier: Apache-2.0
"""Fields over HTTP: names, emails, passwords, and which faults are named."""
import tap
from promises import expect, expect_fields, must
from stack import NUMBERS, PASSWORD, Stack, fresh_email, run
from tap import case, equal

LONG_LOCAL = "l" * 64
BAD_EMAILS = [
    "", " ", "a", "@", "a@", "@x.org", "a@x", "a@localhost", "a@.org", "a@x.", "a@x..org", "a@x.org.", "a@@x.org",
    "a@b@x.org", ".a@x.org", "a.@x.org", "a..b@x.org", "a b@x.org", "a@x .org", "a@-x.org", "a@x-.org", "a@x_y.org",
    '"a b"@x.org', "a@[127.0.0.1]", "a,b@x.org", "a;b@x.org", "a<b@x.org", "a(b)@x.org", "a:b@x.org", "a\\b@x.org",
    "é@x.org", "a@é.org", "a@x.org\u0001", "a\nb@x.org", "a\r\n@x.org", "a@x.org, b@x.org", "Acme <a@x.org>",
    "mailto:a@x.org", "a@x.org?x", "a@x.org/y", "l" * 65 + "@x.org", "a@" + "x" * 64 + ".org",
    LONG_LOCAL + "@" + ".".join(["d" * 47] * 3 + ["d" * 42, "org"]) + "x" * 10, "\u202ea@x.org", "a@x\u3002org",
    "a@x.org\u00a0b", "a\u0000@x.org".replace("\u0000", "\u007f"),
]
GOOD_EMAILS = [
    "a@x.org", "A.B+tag@Sub.Example.ORG", "o'brien@x.org", "!#$%&'*+-/=?^_`{|}~@x.org", "1@2.org", "a-b@x-y.org",
    "a_b@x.org", LONG_LOCAL + "@x.org", "a@" + "x" * 63 + ".org", "a@a.b.c.d.e.org", "a@xn--bcher-kva.example",
]
BAD_NAMES = [
    ("empty", "", {"required", "too_short", "invalid"}),
    ("blanks only", "  \u3000 ", {"required", "too_short", "invalid"}),
    ("101 characters", "x" * 101, "too_long"),
    ("101 wide characters", "\u6f22" * 101, "too_long"),
    ("300 characters", "x" * 300, "too_long"),
    ("a control character", "a\u0001b", "invalid"),
    ("an escape", "a\u001b[31mb", "invalid"),
    ("DEL", "a\u007fb", "invalid"),
    ("C1 control", "a\u0085b\u009f", "invalid"),
]
COMMON = ["password", "12345678", "123456789", "1234567890", "qwertyuiop", "password1", "iloveyou", "sunshine",
          "princess", "football", "baseball", "trustno1"]
PASSWORDS = [
    ("7 bytes", "a7-Fq.z", "too_short"),
    ("6 characters in 12 bytes would do, 3 in 6 do not", "\u00e9\u00df\u00f8", "too_short"),
    ("one emoji", "\U0001f3d4", "too_short"),
    ("empty", "", {"too_short", "required"}),
    ("73 bytes", "Zx9-" * 18 + "y", "too_long"),
    ("73 bytes in 37 characters", "\u00e9" * 36 + "y", "too_long"),
    ("512 bytes", "Zx9-" * 128, "too_long"),
    ("511 bytes", "Zx9-" * 127 + "abc", "too_long"),
]
GOOD_PASSWORDS = [
    ("8 bytes", "a7-Fq.zT"),
    ("72 bytes", "Zx9-" * 18),
    ("two emoji", "\U0001f3d4\U0001f3d5"),
    ("72 bytes in 36 characters", "\u00e9" * 36),
    ("72 bytes in 18 emoji", "\U0001f3d4" * 18),
    ("blanks at both ends", "  a7-Fq.zT  "),
    ("quotes and backslashes", "\"'\\`$(x)%s%n"),
    ("control characters", "a7\tFq\n\u0001zT"),
]


def unique(name):
    return f"{name} {next(NUMBERS)}"


def create(stack, **fields):
    """Create with good values, but for the given ones; None leaves a field out."""
    body = {"organization_name": unique("Field"), "email": fresh_email(), "password": PASSWORD, **fields}
    return stack.call("POST", "/org/create", json={key: value for key, value in body.items() if value is not None})


@case
def missing_fields_are_required(stack):
    """each missing field of create and login is named, all at once"""
    expect_fields(stack.call("POST", "/org/create", body="{}"), organization_name="required", email="required",
                  password="required")
    expect_fields(stack.call("POST", "/admin/login", body="{}"), email="required", password="required")
    for field in ("organization_name", "email", "password"):
        expect_fields(create(stack, **{field: None}), **{field: "required"})


@case
def all_faults_are_named_at_once(stack):
    """a 422 lists every faulty field, each once, and nothing is created"""
    body = {"organization_name": ["x"], "email": "nobody", "password": "short", "role": "root", "_id": 1}
    expect_fields(stack.call("POST", "/org/create", json=body), organization_name="wrong_type", email="invalid",
                  password="too_short", role="unknown", _id="unknown")


@case
def unknown_fields_are_named(stack):
    """unknown fields are 422 on every route, also those that an organization has"""
    tenant = stack.tenant("Unknown")
    for field in ("slug", "org_id", "admin_id", "status", "role", "current_password", "$where", "__proto__", ""):
        expect_fields(create(stack, **{field: "x"}), **{field: "unknown"})
    for field in ("slug", "org_id", "status", "collection_name", "created_at", "token_version"):
        expect_fields(tenant.update(**{"organization_name": tenant.name, field: "x"}), **{field: "unknown"})
    expect_fields(tenant.call("DELETE", "/org/delete", json={"org_id": tenant.org["org_id"]}), org_id="unknown")
    body = {"email": tenant.email, "password": PASSWORD, "org_id": "x"}
    expect_fields(stack.call("POST", "/admin/login", json=body), org_id="unknown")
    expect_fields(stack.call("GET", "/org/get", json={"organization_name": tenant.name, "x": 1}), x="unknown")


@case
def odd_unknown_fields_are_shown_safely(stack):
    """a field with quotes, line ends or markup is named as it was, in valid JSON"""
    for field in ('a"b', "a\\b", "a\r\nX-Evil: 1", "<b>", "\u2028", "%s%n", "\U0001f3d4", "k" * 500):
        answer = create(stack, **{field: 1})
        expect(answer, 422, "validation_failed")
        must(len(answer.json["errors"]) == 1 and answer.json["errors"][0]["code"] == "unknown", "not named", answer)
        must(field.startswith(answer.json["errors"][0]["field"][:100]), "named otherwise", answer)
        must(answer.header("X-Evil") is None, "a header was smuggled in", answer)


@case
def a_long_list_is_whole(stack):
    """20 unknown fields do not push the missing ones out of the list"""
    wanted = {f"f{number}": "unknown" for number in range(20)}
    wanted.update(organization_name="required", email="required", password="required")
    expect_fields(stack.call("POST", "/org/create", json={f"f{number}": 1 for number in range(20)}), **wanted)


@case
def many_unknown_fields_do_no_harm(stack):
    """thousands of unknown fields are one bounded 422"""
    body = {f"f{number}": 1 for number in range(4000)}
    expect(stack.call("POST", "/org/create", json=body), 422, "validation_failed")


@case
def wrong_types_are_named(stack):
    """null, numbers, lists and objects where a string is due are wrong_type"""
    for value in (0, 1.5, True, [], {}, ["x"], {"$ne": None}):
        expect_fields(create(stack, organization_name=value, email=value, password=value),
                      organization_name="wrong_type", email="wrong_type", password="wrong_type")
    tenant = stack.tenant("Types")
    for field in ("organization_name", "email", "password", "current_password"):
        answer = tenant.call("PUT", "/org/update", body='{"organization_name":"x","%s":7}' % field
                             if field != "organization_name" else '{"organization_name":7}')
        expect_fields(answer, **{field: "wrong_type"})
    answer = tenant.call("PUT", "/org/update", body='{"organization_name":null}')
    expect_fields(answer, organization_name={"wrong_type", "required"})
    expect(stack.get(tenant.name), 200)


@case
def an_update_needs_something(stack):
    """an update of nothing, or of nothing but current_password, is 422"""
    tenant = stack.tenant("Nothing")
    expect(tenant.call("PUT", "/org/update", body="{}"), 422, "validation_failed")
    expect(tenant.update(current_password=PASSWORD), 422, "validation_failed")


@case
def names_out_of_bounds(stack):
    """a name of 0 or more than 100 characters, or with control characters, is 422 on create, get, update, delete"""
    tenant = stack.tenant("Bounds")
    for title, name, code in BAD_NAMES:
        for answer in (create(stack, organization_name=name), tenant.update(organization_name=name), stack.get(name),
                       tenant.call("DELETE", "/org/delete", json={"organization_name": name})):
            must(answer.status == 422, title, answer)
            expect_fields(answer, organization_name=code)
    expect(stack.get(tenant.name), 200)


@case
def names_within_bounds(stack):
    """a name of 1 and of 100 characters, of any script, is kept as it was sent"""
    for name in ("7", "\u5b57" * 100, "x" * 100, "\U0001f3d4" * 100, "O'Brien & \"Sons\" <b>", "a/b\\c?d#e%20",
                 "%s%n$x{}", "\u0645\u0624\u0633\u0633\u0629", "e\u0301" * 50):
        org = expect(create(stack, organization_name=name), 201).json
        equal(org["organization_name"], name, "organization_name")
        equal(expect(stack.get(name), 200).json["org_id"], org["org_id"], name)


@case
def names_are_trimmed_and_folded(stack):
    """white space at the ends goes, runs of it become one blank, and the bounds count what is left"""
    number = next(NUMBERS)
    org = expect(create(stack, organization_name=f" \t Fold \u3000\u00a0\n me {number}\r\n"), 201).json
    equal(org["organization_name"], f"Fold me {number}", "organization_name")
    expect(stack.get(f"  Fold  me\t{number} "), 200)
    padded = " " * 50 + "y" * 100 + " " * 50
    equal(expect(create(stack, organization_name=padded), 201).json["organization_name"], "y" * 100, "trimmed")


@case
def bad_emails_are_named(stack):
    """an address that is no dot-atom at two or more labels, or is too long, is 422"""
    wrong = []
    for email in BAD_EMAILS:
        answer = create(stack, email=email)
        codes = {error["field"]: error["code"] for error in answer.json.get("errors", [])}
        if answer.status != 422 or set(codes) != {"email"} or codes["email"] not in ("invalid", "too_long", "required",
                                                                                    "too_short"):
            wrong.append(f"{email!r}: {answer.status} {codes}")
    equal(wrong, [], "taken for an address")


@case
def email_lengths(stack):
    """254 bytes are an address, 255 are not"""
    fitting = LONG_LOCAL + "@" + ".".join(["d" * 61] * 3 + ["org"])
    equal(len(fitting), 254, "the length made here")
    expect(create(stack, email=fitting), 201)
    expect_fields(create(stack, email=fitting.replace(".org", ".info")), email={"too_long", "invalid"})


@case
def good_emails_log_in(stack):
    """every dot-atom at LDH labels is an address, trimmed, and logs in in any case"""
    for email in GOOD_EMAILS:
        must(create(stack, email=f" {email}\t").status == 201, email, "refused by create")
        for spelling in (email, email.upper(), email.lower(), f"  {email} "):
            must(stack.try_login(spelling).status == 200, spelling, "refused by login")


@case
def emails_are_unique_without_case(stack):
    """an address in other case or with blanks around is the same one"""
    email = fresh_email()
    expect(create(stack, email=email.replace("admin", "Admin")), 201)
    for spelling in (email, email.upper(), f" {email} "):
        expect(create(stack, email=spelling), 409, "email_taken")


@case
def bad_passwords_are_named(stack):
    """fewer than 8 or more than 72 bytes are 422, on create and on update, and are never cut"""
    tenant = stack.tenant("Short")
    for title, password, code in PASSWORDS:
        for answer in (create(stack, password=password), tenant.update(password=password)):
            must(answer.status == 422, title, answer)
            expect_fields(answer, password=code)
    stack.login(tenant.email)


@case
def common_passwords_are_refused(stack):
    """the most common passwords are too_common"""
    for password in COMMON:
        expect_fields(create(stack, password=password), password="too_common")


@case
def a_password_is_neither_email_nor_name(stack):
    """the own email or name is no password, on create, and on update against the stored and the new ones"""
    refused = {"invalid", "too_common"}
    name, email = unique("Some Name"), fresh_email()
    expect_fields(create(stack, organization_name=name, password=name), password=refused)
    expect_fields(create(stack, email=email, password=email), password=refused)
    tenant = stack.tenant("Equal Name")
    expect_fields(tenant.update(password=tenant.name), password=refused)
    expect_fields(tenant.update(password=tenant.email), password=refused)
    expect_fields(tenant.update(organization_name=name, password=name), password=refused)
    expect_fields(tenant.update(email=email, password=email), password=refused)
    stack.login(tenant.email)


@case
def good_passwords_log_in(stack):
    """8 to 72 bytes log in exactly as they were sent, and in no other form"""
    for title, password in GOOD_PASSWORDS:
        email = fresh_email()
        must(create(stack, email=email, password=password).status == 201, title, "refused by create")
        must(stack.try_login(email, password).status == 200, title, "refused by login")
        for other in (password.swapcase(), password + "x", password[:-1], " " + password, password.strip() + " "):
            if other != password:
                must(stack.try_login(email, other).status in (401, 422), title, f"logged in with {other!r}")


@case
def passwords_are_not_normalized(stack):
    """a password in another Unicode form is another password"""
    email = fresh_email()
    expect(create(stack, email=email, password="caf\u00e9-meadow"), 201)
    stack.login(email, "caf\u00e9-meadow")
    expect(stack.try_login(email, "cafe\u0301-meadow"), 401, "invalid_credentials")


@case
def login_with_more_than_72_bytes(stack):
    """a password that agrees in its first 72 bytes does not log in"""
    email, password = fresh_email(), "Zx9-" * 18
    expect(create(stack, email=email, password=password), 201)
    for longer in (password + "y", password + "y" * 500):
        answer = stack.try_login(email, longer)
        must(answer.status in (401, 422), "logged in", answer)


@case
def nothing_was_created_by_refusals(stack):
    """a refused create leaves its name and email free"""
    name, email = unique("Refused"), fresh_email()
    expect(stack.create(name, email, "short"), 422)
    expect(stack.get(name), 404)
    expect(stack.create(name, email), 201)


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
