# SPDX-License-Identifier: Apache-2.0
"""The store's protocol on MongoDB: each operation is a generator, each yield one server command.

Between two yields anything may happen, and an actor that dies is one that goes no further. The search
merges histories that leave an actor with the same variables at the same line; so a yield stands alone,
or is all there is right of an assignment or a return, and no `for` goes round one (hidden_state() looks).

wrong("...") names the variants of WRONG in saga_scenarios.py: one wrong line each, which must be caught.
"""
from typing import NamedTuple

from saga_parts import claim_both, look, name_of, place, release, set_organization, stage, staging, sure
from saga_world import (LIVE, LOST, STATES, Admin, Organization, Plan, Settings, fields, home, is_live,
                        matches, wrong)


class Change(NamedTuple):
    """What an update asks for; "": nothing."""
    name: str = ""
    email: str = ""
    password: str = ""
    current_password: str = ""


def slug_of(name):
    return name.lower()


def plain(password):
    """p1 and p1*, its renewed hash, are the same password."""
    return password.rstrip("*")


# ---- create

def withdraw(org, op):
    """Whatever has not been committed goes; if that fails, a recovery has it, and deletes it.
    -> whether it went by this: then nobody has begun to delete what is of it"""
    answer = yield from sure("delete", "organizations", org, fields(state="creating", op=op))
    return answer == "ok"


def over_limit(limit):
    """-> the refusal. Own organization included: of several that come at once none may count too few."""
    if not limit:
        return ""
    number = yield "count", LIVE if wrong("count_live_only") else STATES
    if number <= limit:
        return ""
    number = yield "count", LIVE
    return "403" if number >= limit else "409 busy"


def publish(org, slug, op):
    """The collection is made under a private name, recorded, and only then given its own.
    -> its UUID, "" if it failed"""
    private = home(slug) if wrong("create_in_place") else staging(org, op)
    uuid = yield from stage(private)
    if not uuid:
        return ""
    answer = yield set_organization(org, fields(state="creating", op=op, uuid=""), fields(uuid=uuid))
    if answer is not True:
        found = yield "read", "organizations", org
        if not matches(found, fields(state="creating", uuid=uuid)):
            return ""
    answer = yield "rename", private, home(slug), uuid
    if answer == "ok":
        return uuid
    placed = yield from place(org, fields(state="creating", uuid=uuid), home(slug), op)
    return uuid if placed else ""


def create(org, slug, email, op, limit=0):
    """With a limit it is begun again when it meets what is not settled: with the same ids."""
    answer, withdrawn = yield from create_once(org, slug, email, op, limit)
    if limit and answer == "409 busy" and (withdrawn or wrong("begin_again_anyway")):
        answer, withdrawn = yield from create_once(org, slug, email, op + "b", limit)
    return answer


def create_once(org, slug, email, op, limit):
    """-> the answer; whether it was withdrawn, and by itself"""
    document = Organization("creating", slug, slug, op, op, "", 1, 1, None)
    insert = "insert", "organizations", org, document
    answer = yield insert
    if answer == "duplicate":
        return "409 busy", False
    if answer == LOST:  # look, never insert again: "the organization is gone" must stay true
        found = yield insert if wrong("insert_again") else ("read", "organizations", org)
        if found is None:
            return "503", False
    refused = yield from over_limit(limit)
    if not refused:
        refused = yield from claim_both(slug, email, org, op)
    if refused:
        withdrawn = yield from withdraw(org, op)
        return refused, withdrawn
    uuid = yield from publish(org, slug, op)
    if not uuid:
        return "503", False
    yield from sure("insert", "admins", org, Admin(email, op, "new", 1))
    before = fields(state="creating", op=op, uuid=uuid)
    committed = yield set_organization(org, before, fields(state="active"))
    if committed is True:
        return "201", False
    found = yield "read", "organizations", org
    return "201" if is_live(found) else "503", False


# ---- update

def refuse(organization, token):
    """Why a token gives no right to change the organization now; "": it does."""
    if not is_live(organization) or (organization.token_version != token and not wrong("token_not_compared")):
        return "401"
    return "" if organization.state == "active" else "409 busy"


def before_rename(org, organization, token, target, op):
    """The collection must be at home before a rename is committed: then what stands at the new name is not
    taken for it. -> the organization, what stands at the new name, the refusal"""
    names = yield "list", home(organization.slug), target
    foreign = dict(names).get(target, "")
    if (home(organization.slug), organization.uuid) in names:
        return organization, foreign, ""
    slug = organization.slug
    placed = yield from place(org, fields(state="active", slug=slug), home(slug), op)
    if not placed:
        return organization, "", "409 busy" if placed is None else "503"
    organization = yield "read", "organizations", org
    refused = refuse(organization, token)
    if not refused and organization.slug != slug:
        refused = "409 busy"
    return organization, foreign, refused


def plan_of(organization, admin, change, foreign):
    name = change.name if change.name != organization.name else ""
    slug = slug_of(name) if slug_of(name) != organization.slug else ""
    email = change.email if admin and change.email != admin.email else ""
    old_email, old_email_op = (admin.email, admin.email_op) if email else ("", "")
    return Plan(name, slug, email, change.password, old_email, old_email_op, foreign if slug else "")


def change_name(org, version, name, op):
    """Same slug, no change of the admin: one compare-and-set."""
    answer = yield set_organization(org, fields(state="active", version=version), fields(name=name, op=op))
    if answer is True:
        return "200"
    found = yield "read", "organizations", org
    if found is not None and found.op == op:
        return "200"
    return "503" if answer == LOST else "409 busy"


def commit_update(org, version, planned):
    """-> "", or the refusal, and then the claims are released: they are in no use; whether all was heard"""
    op, plan, sure = planned.op, planned.next, True
    before = fields(state="active", version=version)
    if wrong("commit_without_version"):
        before = fields(state="active")
    after = fields(state="updating", op=op, next=plan, token_version=planned.token_version)
    while True:
        answer = yield set_organization(org, before, after)
        if answer is True:
            return "", sure
        sure = answer != LOST and (sure or wrong("latest_answer_only"))
        found = yield "read", "organizations", org
        if answer == LOST and matches(found, before):
            continue
        mine = found is not None and op in (found.op, found.slug_op)
        if not mine and plan.email:
            admin = yield "read", "admins", org
            mine = admin is not None and admin.email_op == op
        if mine and not wrong("release_used_claims"):
            return "", sure
        yield from release("slugs", plan.slug, org, op)
        yield from release("emails", plan.email, org, op)
        return "409 busy" if sure else "503", sure


def update(org, token, change, op):
    organization = yield "read", "organizations", org
    refused = refuse(organization, token)
    if refused:
        return refused
    foreign, new_slug = "", slug_of(change.name)
    if new_slug not in ("", organization.slug) and not wrong("rename_without_look"):
        target = home(new_slug)
        organization, foreign, refused = yield from before_rename(org, organization, token, target, op)
        if refused:
            return refused
    admin = None
    if change.email or change.password:  # AFTER the organization: its version then fences what is read here
        admin = yield "read", "admins", org
        if admin is None:
            return "503"
        if change.current_password not in ("", plain(admin.password)):
            return "422"
    plan = plan_of(organization, admin, change, foreign)
    if not (plan.slug or plan.email or plan.password):
        if not plan.name:
            return "200"
        return (yield from change_name(org, organization.version, plan.name, op))
    refused = yield from claim_both(plan.slug, plan.email, org, op)
    if refused:
        return refused
    new_credentials = bool(plan.email or plan.password)
    planned = organization._replace(state="updating", op=op, next=plan,
                                    token_version=organization.token_version + new_credentials)
    if wrong("admin_first"):
        yield from set_admin(org, planned)
    refused, sure = yield from commit_update(org, organization.version, planned)
    if refused:
        return refused
    return (yield from finish_update(org, planned, op, Settings.conditional and sure and not new_credentials))


def set_admin(org, organization):
    """The token version is the fence: whoever comes second changes nothing."""
    plan, changes = organization.next, {"token_version": organization.token_version}
    if plan.email:
        changes |= {"email": plan.email, "email_op": organization.op}
    if plan.password:
        changes["password"] = plan.password
    before = fields(token_version=organization.token_version - 1)
    yield from sure("update", "admins", org, before, fields(**changes))


def become_active(org, organization):
    """If it is no longer updating, somebody else finished it: there is no other way out."""
    plan, changes = organization.next, {"state": "active", "next": None}
    if plan.name:
        changes["name"] = plan.name
    if plan.slug:
        changes |= {"slug": plan.slug, "slug_op": organization.op}
    before = fields(state="updating", op=organization.op)
    yield from sure(*set_organization(org, before, fields(**changes)))


def release_old(org, organization):
    plan = organization.next
    yield from release("slugs", organization.slug if plan.slug else "", org, organization.slug_op)
    yield from release("emails", plan.old_email, org, plan.old_email_op)


def finish_update(org, organization, worker, direct=False):
    """Goes forward from an organization that is updating; any number may do so at once.
    direct: by its own operation, which has just committed, and the server compares UUIDs: the collection
    was at home just now."""
    plan, target = organization.next, home(organization.next.slug)
    if plan.email or plan.password:
        yield from set_admin(org, organization)
    if wrong("release_early"):
        yield from release_old(org, organization)
    if plan.slug:
        answer = ""
        if direct:
            answer = yield "rename", home(organization.slug), target, organization.uuid
        if answer != "ok":
            placed = yield from place(org, fields(state="updating", op=organization.op), target, worker)
            if placed is False:
                return "503"
    yield from become_active(org, organization)
    yield from release_old(org, organization)
    return "200"


# ---- delete

def remove_collection(org, organization, worker):
    """-> whether the collection is nowhere. Without collectionUUID it is moved to a name of this attempt's
    own first: what stands there cannot be exchanged between look and drop."""
    uuid, spots, tries = organization.uuid, (home(organization.slug),), 5
    if wrong("drop_by_name"):
        yield "drop", home(organization.slug), None
        return True
    while uuid and tries:
        tries -= 1
        names = yield from look(uuid, *spots)
        here = name_of(names, uuid)
        if not here:
            return True
        if here.startswith("org_") and not Settings.conditional:
            attempt = f"{worker}{tries}"  # a move that is carried out late must not come to where one drops
            if wrong("trash_by_organization") or wrong("trash_by_worker"):
                attempt = worker if wrong("trash_by_worker") else ""
            spots = (f"trash_{org}_{attempt}",)
            yield "rename", here, *spots, uuid
        else:
            answer = yield "drop", here, uuid
            if answer == "ok":
                return True
    return not uuid


def drop_staging(org):
    names = yield ("list",)
    names = tuple(row for row in names if row[0].startswith(f"tmp_{org}_"))
    while names:
        yield from sure("drop", *names[0])
        names = names[1:]


def finish_delete(org, worker):
    """Idempotent; any number may do so at once."""
    organization = yield "read", "organizations", org
    if not matches(organization, fields(state="deleting")):
        return
    removed = yield from remove_collection(org, organization, worker)
    if not removed:
        return
    yield from drop_staging(org)
    yield from sure("delete_of", "admins", org)
    yield from sure("delete_of", "emails", org)
    yield from sure("delete_of", "slugs", org)
    yield from sure("delete", "organizations", org, fields(state="deleting"))


def delete(org, token, op):
    organization = yield "read", "organizations", org
    refused = refuse(organization, token)
    if refused:
        return refused
    before = fields(state="active", version=organization.version)
    answer = yield set_organization(org, before, fields(state="deleting", op=op))
    if answer is not True:
        found = yield "read", "organizations", org
        if found is None:
            return "200" if answer == LOST else "401"
        if found.op != op:
            return "503" if answer == LOST else "409 busy"
    yield from finish_delete(org, op)
    return "200"
