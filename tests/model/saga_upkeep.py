# SPDX-License-Identifier: Apache-2.0
"""Login, and what puts right what a dead program left: recovery and the janitor.

How to read it: saga_protocol.py.
"""
from saga_parts import place, release, set_organization, sure, sweep, use_of
from saga_protocol import finish_delete, finish_update, plain
from saga_world import fields, home, is_live, wrong


# ---- login and the right of a token

def account_by_email(email, worker):
    """For a login, which knows only afterwards whether the password fits: the admin of the first live
    organization among those with that email. -> (organization's id, admin), or the refusal"""
    tries = 3
    while tries:
        tries -= 1
        admins = yield "read_admins", email
        changed = False
        while admins and not changed:
            org, admin = admins[0]
            admins = () if wrong("first_admin_only") else admins[1:]
            organization = yield "read", "organizations", org
            if not is_live(organization):
                continue
            if organization.token_version == admin.token_version:
                return org, admin
            if wrong("versions_not_compared"):
                return org, admin._replace(token_version=organization.token_version)
            changed = True
            if organization.state == "updating":
                yield from finish_update(org, organization, worker)
        if not changed:
            return "401"
    return "503"


def login(email, password, worker):
    """-> the version of the token that it gives, or the refusal"""
    found = yield from account_by_email(email, worker)
    if isinstance(found, str):
        return found
    org, admin = found
    if plain(admin.password) != password:
        return "401"
    if admin.password == password:  # a hash of too low a cost is renewed, unless it was changed meanwhile
        same = fields(token_version=admin.token_version, password=admin.password)
        yield "update", "admins", org, () if wrong("renew_blindly") else same, fields(password=password + "*")
    return admin.token_version


def token_right(org, token):
    """The token check: one read. -> whether the token is good"""
    organization = yield "read", "organizations", org
    return is_live(organization) and organization.token_version == token


# ---- recovery and the janitor

def recover(org, worker):
    """Goes on with an operation whose owner is believed to be dead, and may be wrong about that."""
    organization = yield "read", "organizations", org
    if organization is None or organization.state == "active":
        return
    if organization.state == "updating":
        yield from finish_update(org, organization, worker)
        return
    if organization.state == "creating":
        rolled_back = fields(state="deleting", op=worker)
        yield from sure(*set_organization(org, fields(state="creating"), rolled_back))
    yield from finish_delete(org, worker)


def survey():
    """-> the active organizations whose collection is not at home, the staging collections of nobody"""
    if wrong("organizations_before_list"):
        organizations = yield "read_all", "organizations"
    names = yield ("list",)
    if not wrong("organizations_before_list"):
        organizations = yield "read_all", "organizations"
    there = {uuid: name for name, uuid in names}
    astray = tuple((org, found.slug) for org, found in organizations
                   if found.state == "active" and there.get(found.uuid) != home(found.slug))
    return astray, tuple(row for row in names if is_leftover(row, dict(organizations), there))


def is_leftover(row, organizations, there):
    name, uuid = row
    if not name.startswith("tmp_"):
        return False
    organization = organizations.get(name.split("_")[1])
    if organization is None or organization.state == "deleting":
        return True
    if not organization.uuid or organization.uuid == uuid:
        return False
    # its own stands somewhere: nobody will record this one any more
    return organization.uuid in there or wrong("drop_any_staging")


def place_all(astray, worker):
    while astray:
        (org, slug), astray = astray[0], astray[1:]
        yield from place(org, fields(state="active", slug=slug), home(slug), worker)


def settle_claims(table):
    claims = yield "read_all", table
    while claims:
        (key, claim), claims = claims[0], claims[1:]
        use, version = yield from use_of(table, key, claim)
        if use == "stray":
            yield from sweep(table, key, claim, version)
        elif use == "gone":
            yield from release(table, key, claim.org, claim.op)


def settle_admins():
    admins = yield "read_all", "admins"
    while admins:
        (org, _), admins = admins[0], admins[1:]
        organization = yield "read", "organizations", org
        if organization is None:
            yield from sure("delete", "admins", org, ())


def janitor(worker):
    """One pass; several at once do no harm. Collections that nobody owns are reported, and not touched."""
    organizations = yield "read_all", "organizations"
    unsettled = tuple(org for org, found in organizations if found.state != "active")
    while unsettled:
        org, unsettled = unsettled[0], unsettled[1:]
        yield from recover(org, worker)
    astray, leftovers = yield from survey()
    if astray:
        yield from place_all(astray, worker)
        astray, leftovers = yield from survey()
    while leftovers:
        yield from sure("drop", *leftovers[0])
        leftovers = leftovers[1:]
    yield from settle_claims("slugs")
    yield from settle_claims("emails")
    yield from settle_admins()
