# SPDX-License-Identifier: Apache-2.0
"""What the operations of the protocol have in common: claims, and collections that come to their names.

How to read it: saga_protocol.py.
"""
from saga_world import LOST, Claim, Settings, fields, get, home, is_live, matches, wrong


def sure(*command):
    """An idempotent write, repeated while its answer is lost."""
    answer = LOST
    while answer == LOST:
        answer = yield command
    return answer


def set_organization(org, condition, changes):
    """The compare-and-set of an organization; its version rises."""
    return "update", "organizations", org, condition, changes


# ---- claims: who may use a slug or an email

def use_of(table, key, claim):
    """-> used, stray (its owner is active and does not use it), unsettled or gone; the owner's version."""
    organization = yield "read", "organizations", claim.org
    if organization is None:
        return "gone", 0
    if not is_live(organization):
        return "unsettled", 0
    used = (organization.slug, organization.slug_op) == (key, claim.op)
    if table == "emails":
        admin = yield "read", "admins", claim.org
        if admin is None:
            return "unsettled", 0
        used = (admin.email, admin.email_op) == (key, claim.op)
    if used:
        return "used", 0
    return "stray" if organization.state == "active" else "unsettled", organization.version


def sweep(table, key, claim, version):
    """Removes a stray claim; the fence makes the commit fail of whoever is about to use it. -> done"""
    if not wrong("sweep_without_fence"):
        fenced = yield set_organization(claim.org, fields(state="active", version=version), ())
        if fenced is not True:
            return False
    yield from sure("delete", table, key, fields(org=claim.org, op=claim.op))
    return True


def claim(table, key, org, op):
    """-> mine, taken (a live owner uses it) or busy (not settled)."""
    swept = False
    while True:
        answer = yield "insert", table, key, Claim(org, op)
        if answer == "ok":
            return "mine"
        found = yield "read", table, key
        if found is None:
            continue
        if found.op == op and not wrong("refuse_own_claim"):
            return "mine"
        use, version = yield from use_of(table, key, found)
        if use != "stray" or swept:
            return "taken" if use == "used" else "busy"
        swept = yield from sweep(table, key, found, version)
        if not swept:
            return "busy"


def release(table, key, org, op):
    if key:
        owner = fields(org=org) if wrong("release_by_organization") else fields(org=org, op=op)
        yield from sure("delete", table, key, owner)


def claim_both(slug, email, org, op):
    """Slug first, then email; "": not wanted. -> "", or the refusal, and then neither is held."""
    if slug:
        answer = yield from claim("slugs", slug, org, op)
        if answer != "mine":
            return "409 organization_exists" if answer == "taken" else "409 busy"
    if email:
        answer = yield from claim("emails", email, org, op)
        if answer != "mine":
            yield from release("slugs", slug, org, op)
            return "409 email_taken" if answer == "taken" else "409 busy"
    return ""


# ---- collections: where one stands, and how it comes to where it belongs

def name_of(names, uuid):
    return next((name for name, found in names if uuid and found == uuid), "")


def look(uuid, *expected):
    """Lists the expected names; all, if the collection is at none of them."""
    names = yield "list", *expected
    if not name_of(names, uuid):
        names = yield ("list",)
    return names


def staging(org, attempt):
    """A name that nobody else uses."""
    return f"tmp_{org}_{attempt}"


def stage(name):
    """A new collection. -> its UUID, "" if it failed"""
    yield "create", name
    names = yield "list", name
    return dict(names).get(name, "")


def unowned(org, guard, uuids):
    """Those of uuids that no organization records; None: the guard is lost. Read AFTER they were listed."""
    rows = yield "read_owners", org, uuids
    if not matches(get(rows, org), guard) and not wrong("guard_read_once"):
        return None
    return uuids - {found.uuid for _, found in rows}


def adopt(org, organization, candidates, attempt):
    """Records another collection for an organization that has none any more: the candidate, else a new one.
    -> whether there was one to record"""
    if len(candidates) > 1:
        return False  # the operator decides
    uuid = min(candidates, default="")
    if not uuid:
        uuid = yield from stage(staging(org, attempt))
    if not uuid:
        return False
    same = fields(version=organization.version, uuid=organization.uuid)
    yield set_organization(org, same, fields(uuid=uuid))
    return True


def place(org, guard, target, worker):
    """Brings a collection to its name. -> True: it is there; None: the guard is lost; False: gave up."""
    tries = 6
    while tries:
        tries -= 1
        organization = yield "read", "organizations", org
        if not matches(organization, guard):
            return None
        spots = (target, home(organization.slug))
        names = yield from look(organization.uuid, *spots)
        here, occupant = name_of(names, organization.uuid), dict(names).get(target, "")
        if here == target:
            return True
        homeless = is_live(organization) and here[:4] in ("", "tmp_")
        if not here and not homeless:
            return False
        free = frozenset()
        if homeless or occupant:
            free = frozenset(uuid for name, uuid in names if name in spots) - {organization.uuid}
            free = yield from unowned(org, guard, free)
            if free is None:
                return None
        candidates = free - {organization.next.foreign if organization.next else ""} if homeless else ()
        if candidates or not here:
            adopted = yield from adopt(org, organization, candidates, worker)
            if not adopted:
                return False
        elif occupant in free:
            yield "rename", target, f"lost_{occupant}_{worker}", occupant
        elif occupant:
            return False
        else:
            answer = yield "rename", here, target, organization.uuid
            if answer == "ok" and Settings.conditional:
                return True
    return False
