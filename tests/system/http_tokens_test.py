# SPDX-License-Identifier: Apache-2.0
"""Tokens over HTTP: what is in one, which are refused, and when they die."""
import base64
import hashlib
import hmac
import json
import secrets
import time

import fastcgi
import tap
from promises import expect, must
from stack import PASSWORD, Stack, fresh_email, run
from tap import case, equal

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
NAMED = {"sub", "admin_id", "org_id", "organization_name", "role", "iss", "iat", "exp", "jti"}
OTHER_PASSWORD = "copper-lantern-31-harbour"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


def header_of(token):
    return json.loads(decode(token.split(".")[0]))


def sign(header, claims, key, hash_name="HS256"):
    """A token of these very parts (dictionaries, or text to be taken as it is), signed with the key."""
    parts = [encode((part if isinstance(part, str) else json.dumps(part)).encode()) for part in (header, claims)]
    signed = ".".join(parts)
    return signed + "." + encode(hmac.digest(key.encode(), signed.encode(), HASHES[hash_name]))


class Forge:
    """Tokens that differ from a good one in one thing."""

    def __init__(self, stack, tenant):
        self.key = stack.orgd.env["JWT_SECRET_KEY"]
        self.header, self.claims = header_of(tenant.token), claims_of(tenant.token)

    def with_header(self, hash_name="HS256", **changes):
        return sign({**self.header, **changes}, self.claims, self.key, hash_name)

    def with_claims(self, **changes):
        return sign(self.header, {**self.claims, **changes}, self.key)

    def without(self, name):
        return sign(self.header, {key: value for key, value in self.claims.items() if key != name}, self.key)

    def version(self):
        """The name of the claim that holds the token version: the only one that the contract does not name."""
        names = set(self.claims) - NAMED
        equal(len(names), 1, f"number of further claims in {sorted(self.claims)}")
        return names.pop()


def protected(stack, headers):
    return stack.call("PUT", "/org/update", json={"organization_name": "Never " + secrets.token_hex(4)},
                      headers=headers)


def refused(stack, token, title):
    """The token is refused on each protected route; returns the answers without what is their own."""
    forms = set()
    for method, path in (("PUT", "/org/update"), ("DELETE", "/org/delete")):
        answer = stack.call(method, path, json={"organization_name": "Never"}, token=token)
        must(answer.status == 401 and answer.code == "invalid_token", title, answer)
        body = {name: value for name, value in answer.json.items() if name != "request_id"}
        forms.add(json.dumps([body, answer.header("WWW-Authenticate")], sort_keys=True))
    return forms


@case
def a_token_says_who_and_for_how_long(stack):
    """a token is HS256 and names the ids, organization, role, issuer, times, a number and a version"""
    tenant = stack.tenant("Claims")
    claims = claims_of(tenant.token)
    equal(header_of(tenant.token)["alg"], "HS256", "alg")
    must(NAMED < set(claims), "a claim is missing", sorted(claims))
    equal((claims["sub"], claims["admin_id"], claims["org_id"]),
          (tenant.org["admin_id"], tenant.org["admin_id"], tenant.org["org_id"]), "ids")
    equal((claims["organization_name"], claims["role"], claims["iss"]), (tenant.name, "admin", "orgd"), "claims")
    equal(claims["exp"] - claims["iat"], 900, "life")
    must(abs(claims["iat"] - time.time()) < 60, "iat is not now", claims)
    must(claims_of(stack.login(tenant.email))["jti"] != claims["jti"], "one jti for two tokens", claims)
    must(PASSWORD not in json.dumps(claims) and tenant.email not in json.dumps(claims), "personal data", claims)


@case
def a_token_of_the_test_is_accepted(stack):
    """a token signed here with the right key and the claims of a good one passes: the forgeries can fail"""
    tenant = stack.tenant("Control")
    forge = Forge(stack, tenant)
    for token in (tenant.token, forge.with_claims(), forge.with_claims(jti="x"), forge.with_header()):
        must(tenant.alive(token), "refused", token)


@case
def other_algorithms_are_refused(stack):
    """none, HS384, HS512, other case and other keys of the header are refused, though the key is right"""
    tenant = stack.tenant("Algorithm")
    forge = Forge(stack, tenant)
    for name in ("HS384", "HS512"):
        refused(stack, forge.with_header(name, alg=name), name)
        refused(stack, forge.with_header("HS256", alg=name), name + " signed by HS256")
    for name in ("none", "None", "NONE", "hs256", "Hs256", "HS256 ", "", "RS256", "ES256", "HS1", None, 256, ["HS256"]):
        refused(stack, forge.with_header(alg=name), f"alg {name!r}")
        unsigned = forge.with_header(alg=name).rsplit(".", 1)[0]
        refused(stack, unsigned + ".", f"alg {name!r}, empty signature")
        refused(stack, unsigned, f"alg {name!r}, no signature")
    refused(stack, sign({"typ": "JWT"}, forge.claims, forge.key), "no alg")
    refused(stack, sign('{"alg":"none","alg":"HS256"}', forge.claims, forge.key).rsplit(".", 1)[0] + ".", "alg twice")
    refused(stack, forge.with_header(crit=["x"], x=1), "crit")
    must(tenant.alive(), "the good token died", tenant.name)


@case
def other_keys_are_refused(stack):
    """a signature by another key, by none, cut, or changed is refused"""
    tenant = stack.tenant("Key")
    forge = Forge(stack, tenant)
    head, body, signature = tenant.token.split(".")
    for title, key in (("another key", secrets.token_hex(32)), ("no key", ""), ("the key cut", forge.key[:-1]),
                       ("the key twice", forge.key * 2)):
        refused(stack, sign(forge.header, forge.claims, key), title)
    flipped = bytes([decode(signature)[0] ^ 1]) + decode(signature)[1:]
    for title, text in (("cut", signature[:-2]), ("half", signature[:20]), ("longer", signature + "AA"),
                        ("flipped", encode(flipped)), ("another token's", stack.tenant("Else").token.split(".")[2]),
                        ("hexadecimal", decode(signature).hex()), ("zeros", encode(bytes(32)))):
        refused(stack, f"{head}.{body}.{text}", title)
    changed = encode(json.dumps({**forge.claims, "exp": forge.claims["exp"] + 9000}).encode())
    refused(stack, f"{head}.{changed}.{signature}", "changed claims under the old signature")


@case
def claims_must_be_there_and_right(stack):
    """tokens without exp, with a past or odd exp, of another issuer, or of nobody are refused"""
    tenant = stack.tenant("Claim")
    forge, now = Forge(stack, tenant), int(time.time())
    for value in (str(now + 900), now - 1000, 0, -1, None, True, [now + 900], {"a": 1}, "never", "", -2 ** 63, 1e300):
        refused(stack, forge.with_claims(exp=value), f"exp {value!r}")
    refused(stack, forge.with_claims(iat=now - 1000, exp=now - 100), "expired")
    for value in ("Orgd", "", "evil", None, 1, ["orgd"]):
        refused(stack, forge.with_claims(iss=value), f"iss {value!r}")
    for name in ("sub", "admin_id", "org_id"):
        for value in ("0" * 24, "", "x", None, 7, {"$ne": None}, tenant.org[name.replace("sub", "admin_id")] + "0"):
            refused(stack, forge.with_claims(**{name: value}), f"{name} {value!r}")
    for name in ("exp", "iss", "sub", "admin_id", "org_id", forge.version()):
        refused(stack, forge.without(name), "no " + name)
    for text in ("", "{}", "[]", "null", '"x"', "{", "{}x"):
        refused(stack, sign(forge.header, text, forge.key), f"claims {text!r}")


@case
def tokens_of_another_version_are_refused(stack):
    """a token with another version of itself is refused, whatever its type"""
    tenant = stack.tenant("Version")
    forge = Forge(stack, tenant)
    name, value = forge.version(), forge.claims[forge.version()]
    others = [None, [], {}, "", True, str(value) + "0", -1, 10 ** 18]
    if isinstance(value, int):
        others += [value - 1, value + 1, str(value), value + 0.5]
    for other in others:
        refused(stack, forge.with_claims(**{name: other}), f"{name} {other!r}")


@case
def ids_of_two_tenants_do_not_mix(stack):
    """a token with the org_id of one tenant and the admin_id of another is refused"""
    one, two = stack.tenant("Mix"), stack.tenant("Mix")
    for first, second in ((one, two), (two, one)):
        forge = Forge(stack, first)
        refused(stack, forge.with_claims(org_id=second.org["org_id"]), "other org_id")
        refused(stack, forge.with_claims(admin_id=second.org["admin_id"]), "other admin_id")
        refused(stack, forge.with_claims(admin_id=second.org["admin_id"], sub=second.org["admin_id"]), "other admin")
        refused(stack, forge.with_claims(sub=second.org["admin_id"]), "other sub")


@case
def malformed_tokens_are_refused(stack):
    """tokens that are not three parts of base64url are refused"""
    tenant = stack.tenant("Shape")
    head, body, signature = tenant.token.split(".")
    rows = ["..", ".x", "x.", ".", "x", "x.y", "x.y.z", "...", f"{head}.{body}", f"{head}.{body}.",
            f".{body}.{signature}",
            f"{head}..{signature}", f"{head}.{body}.{signature}.", f"{head}.{body}.{signature}.x", f".{tenant.token}",
            f"{head}.{body}.{signature}=", f"{head}=.{body}.{signature}", f"{head}.{body}.{signature}\x01",
            f"{head}.{body}.{signature},", f"{tenant.token},{tenant.token}", f"{head} .{body}.{signature}",
            f"{head}.{body}.!{signature}", f"{head}.{body}.+/{signature[2:]}", f'"{tenant.token}"',
            f"{tenant.token}%0A",
            "\u00e9.\u00e9.\u00e9", "undefined", "null", "%s%n.%s%n.%s%n", "x" * 3000, "x." * 1500,
            f"{head}.{body}." + "A" * 5000, "A" * 5000 + f".{body}.{signature}"]
    for token in rows:
        refused(stack, token, repr(token[:60]))


@case
def huge_tokens_do_no_harm(stack):
    """a header beyond what nginx takes is refused by nginx, in the same shape"""
    for size in (7000, 9000, 40000):
        answer = stack.call("PUT", "/org/update", json={}, token="x" * size)
        must(answer.status in (400, 401, 431), "not refused", answer)
    expect(stack.call("GET", "/healthz"), 200)


@case
def schemes_of_authorization(stack):
    """Bearer is known in any case; other schemes, none, and two headers are refused"""
    tenant = stack.tenant("Scheme")
    for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
        answer = stack.call("PUT", "/org/update", json={"organization_name": tenant.name},
                            headers={"Authorization": f"{scheme} {tenant.token}"})
        expect(answer, 200)
    for value in ("", "Bearer", "Bearer ", tenant.token, "Token " + tenant.token, "Bearer" + tenant.token,
                  "Basic " + base64.b64encode(f"{tenant.email}:{PASSWORD}".encode()).decode(), "Basic " + tenant.token,
                  "Bearer: " + tenant.token, f"Bearer {tenant.token} x", f"Bearer x {tenant.token}"):
        expect(protected(stack, {"Authorization": value}), 401, {"unauthenticated", "invalid_token"})
    good = ("Authorization", "Bearer " + tenant.token)
    for pairs in ([good, good], [good, ("Authorization", "Bearer x")], [("Authorization", "Basic x"), good]):
        answer = protected(stack, pairs)
        must(answer.status in (400, 401), "two headers were accepted", answer)
    expect(stack.get(tenant.name), 200)


@case
def what_other_web_servers_pass_on(stack):
    """two tokens joined in one header (as Apache does) and line ends around one are refused by orgd itself"""
    tenant = stack.tenant("Apache")

    def status(value):
        return fastcgi.call(stack.orgd.socket_path, "PUT", "/org/update", {"organization_name": tenant.name},
                            params={"HTTP_AUTHORIZATION": value}).status

    good = "Bearer " + tenant.token
    equal(status(good), 200, "status of the good one")
    for value in (f"{good}, {good}", f"{good},{good}", f"{good}, Basic x", good + "\n", good + "\r\n", "\n" + good,
                  f"Bearer \n{tenant.token}", f"{good}\nBearer x"):
        must(status(value) in (400, 401), "accepted", repr(value))


@case
def a_token_elsewhere_is_none(stack):
    """a token in a query, a cookie, the body or another header gives no access"""
    tenant = stack.tenant("Elsewhere")
    for headers in ({"Cookie": "access_token=" + tenant.token}, {"X-Authorization": "Bearer " + tenant.token}):
        expect(stack.call("DELETE", "/org/delete", headers=headers), 401, "unauthenticated")
    expect(stack.call("DELETE", "/org/delete?access_token=" + tenant.token), 401, "unauthenticated")
    expect(stack.call("DELETE", "/org/delete", json={"access_token": tenant.token}), 401, "unauthenticated")


@case
def the_name_in_a_token_gives_no_rights(stack):
    """a token with another tenant's name in it still acts on its own organization only"""
    mine, other = stack.tenant("Rights"), stack.tenant("Victim")
    token = Forge(stack, mine).with_claims(organization_name=other.name)
    expect(stack.call("DELETE", "/org/delete", json={"organization_name": other.name}, token=token), 403, "forbidden")
    renamed = mine.name + " renamed"
    org = expect(stack.call("PUT", "/org/update", json={"organization_name": renamed}, token=token), 200).json
    equal(org["org_id"], mine.org["org_id"], "org_id")
    expect(stack.call("DELETE", "/org/delete", token=token), 200)
    equal(expect(stack.get(other.name), 200).json, other.org, "the other organization")
    expect(stack.get(renamed), 404)


@case
def a_rename_keeps_tokens(stack):
    """tokens outlive a rename, and the answer to it carries no new one"""
    tenant = stack.tenant("Keep")
    second = stack.login(tenant.email)
    tenant.name += " renamed"
    answer = expect(tenant.update(organization_name=tenant.name), 200)
    must("access_token" not in answer.json, "a token without need", answer)
    must(tenant.alive() and tenant.alive(second), "a token died", answer)


def check_fresh(stack, tenant, answer):
    """The old token is dead at once, the one in the answer is good."""
    body = expect(answer, 200).json
    equal((body["token_type"], body["expires_in"]), ("Bearer", 900), "token_type, expires_in")
    must(not tenant.alive(), "the old token lives", answer)
    equal(claims_of(body["access_token"])["org_id"], tenant.org["org_id"], "org_id")
    tenant.token = body["access_token"]
    must(tenant.alive(), "the fresh token is dead", answer)


@case
def a_new_password_kills_tokens(stack):
    """a change of password kills every token in the same second; old password out, new one in, again and again"""
    tenant = stack.tenant("Password")
    second = stack.login(tenant.email)
    for old, new in ((PASSWORD, OTHER_PASSWORD), (OTHER_PASSWORD, PASSWORD), (PASSWORD, OTHER_PASSWORD)):
        check_fresh(stack, tenant, tenant.update(password=new))
        must(not tenant.alive(second), "another old token lives", tenant.name)
        expect(stack.try_login(tenant.email, old), 401, "invalid_credentials")
        second = stack.login(tenant.email, new)


@case
def a_new_email_kills_tokens(stack):
    """a change of email kills every token in the same second; the old email is free"""
    tenant = stack.tenant("Email")
    old, new = tenant.email, fresh_email()
    check_fresh(stack, tenant, tenant.update(email=new))
    expect(stack.try_login(old), 401, "invalid_credentials")
    stack.login(new)
    expect(stack.create(tenant.name + " again", old), 201)


@case
def an_update_that_changes_nothing(stack):
    """an update to the present email or password is 200, and its answer says truly whether tokens died"""
    tenant = stack.tenant("Present")
    for fields in ({"email": tenant.email}, {"email": tenant.email.upper()}, {"password": PASSWORD}):
        answer = expect(tenant.update(**fields), 200)
        fresh = answer.json.get("access_token")
        equal(tenant.alive(), fresh is None, f"life of the old token after {list(fields)}")
        tenant.token = fresh or tenant.token
        must(tenant.alive(), "no good token is left", answer)
        stack.login(tenant.email)


@case
def all_three_at_once(stack):
    """name, email and password change in one update, and the answer shows the new organization"""
    tenant = stack.tenant("Three")
    email, tenant.name = fresh_email(), tenant.name + " new"
    answer = tenant.update(organization_name=tenant.name, email=email, password=OTHER_PASSWORD,
                           current_password=PASSWORD)
    equal(answer.json.get("organization_name"), tenant.name, "organization_name")
    check_fresh(stack, tenant, answer)
    equal(claims_of(tenant.token)["organization_name"], tenant.name, "organization_name of the token")
    stack.login(email, OTHER_PASSWORD)


@case
def a_delete_kills_tokens(stack):
    """tokens die with their organization, and stay dead when its name and email are used again"""
    tenant = stack.tenant("Delete")
    second = stack.login(tenant.email)
    expect(tenant.call("DELETE", "/org/delete"), 200)
    must(not tenant.alive() and not tenant.alive(second), "a token lives", tenant.name)
    expect(stack.create(tenant.name, tenant.email), 201)
    must(not tenant.alive() and not tenant.alive(second), "a token came back to life", tenant.name)


@case
def a_token_dies_on_every_process(stack):
    """a second process on the same store refuses a dead token at once, and takes the fresh one"""
    with Stack(beside=stack) as second:
        tenant = stack.tenant("Process")
        for password in (OTHER_PASSWORD, PASSWORD):
            old = tenant.token
            expect(second.call("PUT", "/org/update", json={"organization_name": tenant.name}, token=old), 200)
            tenant.token = expect(tenant.update(password=password), 200).json["access_token"]
            refused(second, old, "a token that died on the other process")
            expect(second.call("PUT", "/org/update", json={"organization_name": tenant.name}, token=tenant.token), 200)
        expect(second.call("DELETE", "/org/delete", token=tenant.token), 200)
        must(not tenant.alive(), "the token outlived the organization", tenant.name)


@case
def refusals_have_one_form(stack):
    """dead, forged, expired, foreign and malformed tokens are told apart by nothing in the answer"""
    tenant = stack.tenant("Form")
    forge = Forge(stack, tenant)
    tokens = ["..", "x", forge.with_header(alg="none"), forge.with_claims(exp=1), forge.with_claims(iss="evil"),
              forge.with_claims(org_id="0" * 24), sign(forge.header, forge.claims, "x" * 32), tenant.token]
    expect(tenant.call("DELETE", "/org/delete"), 200)
    forms = set().union(*(refused(stack, token, "a refused token") for token in tokens))
    equal(len(forms), 1, f"number of different answers {forms}")


@case
def tokens_outlive_a_restart(stack):
    """a restart with the same key kills no token"""
    tenant = stack.tenant("Restart")
    stack.restart()
    must(tenant.alive(), "the token died", tenant.name)


@case
def the_key_can_be_changed(stack):
    """with JWT_SECRET_KEY_PREVIOUS old tokens stay good and new ones are of the new key; without it they die"""
    tenant = stack.tenant("Rotation")
    old_key, new_key = stack.orgd.env["JWT_SECRET_KEY"], secrets.token_hex(32)
    stack.restart(JWT_SECRET_KEY=new_key, JWT_SECRET_KEY_PREVIOUS=old_key)
    must(tenant.alive(), "the old token died", tenant.name)
    fresh = stack.login(tenant.email)
    equal(fresh, sign(decode(fresh.split(".")[0]).decode(), decode(fresh.split(".")[1]).decode(), new_key), "signature")
    must(tenant.alive(fresh), "the new token is dead", tenant.name)
    stack.restart(JWT_SECRET_KEY=new_key, JWT_SECRET_KEY_PREVIOUS=None)
    must(tenant.alive(fresh) and not tenant.alive(), "not only the new key counts", tenant.name)


@case
def life_and_issuer_can_be_set(stack):
    """ORGD_TOKEN_TTL and ORGD_TOKEN_ISSUER show in the token, and it is dead when its time is over"""
    tenant = stack.tenant("Life")
    stack.restart(ORGD_TOKEN_TTL="1", ORGD_TOKEN_ISSUER="issuer x")
    must(not tenant.alive(), "a token of another issuer lives", tenant.name)
    answer = expect(stack.try_login(tenant.email), 200)
    claims = claims_of(answer.json["access_token"])
    equal((answer.json["expires_in"], claims["exp"] - claims["iat"], claims["iss"]), (1, 1, "issuer x"), "life, issuer")
    tap.wait_until(lambda: not tenant.alive(answer.json["access_token"]), 5, "the end of the token")


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
