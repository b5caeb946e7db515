# SPDX-License-Identifier: Apache-2.0
"""What must be true: of a command, of each state at once, and of each end after one pass of the janitor.

An end is any state, with all actors dead that have not finished there.
"""
from typing import Callable, NamedTuple

from saga_protocol import Change, plain, slug_of
from saga_upkeep import login
from saga_world import Claim, Collection, fields, get, home, homes, is_live, matches, owner_of

FOREIGN = "org_chart", Collection("foreign", frozenset([("F", "base")]))  # stands in every world


class Actor(NamedTuple):
    label: str
    kind: str  # create, update, delete, login, or a helper: recover, janitor, write, by hand
    run: Callable  # makes the generator
    org: str = ""
    op: str = ""
    change: Change = Change()  # what an update, create or login is about
    limit: int = 0
    operator: bool = False


# ---- a command

def fault_of_step(before, actor, command, after):
    """-> what is wrong with a command that was applied; "": nothing"""
    if before is after:
        return ""
    if command[0] == "drop":
        return fault_of_drop(before, command[1])
    if command[0] == "rename":
        return fault_of_rename(before, command[1])
    if command[:2] == ("update", "organizations") and actor.kind in ("update", "delete"):
        commits = ("op", actor.op) in command[4]
        if commits and not actor.operator and get(before.organizations, actor.org).token_version != 1:
            return "an operation was committed with a token that was dead"
    return ""


def fault_of_drop(world, name):
    collection = get(world.collections, name)
    owner = get(world.organizations, owner_of(world, collection.uuid))
    if is_live(owner):
        return "the collection of a live organization was dropped"
    staging = name.startswith("tmp_")
    if staging and matches(get(world.organizations, name.split("_")[1]), fields(state="creating")):
        return "the collection of a running create was dropped"
    if not matches(owner, fields(state="deleting")) and (collection.documents or not staging):
        return "a collection that nobody owns was dropped"
    return ""


def fault_of_rename(world, name):
    unowned = owner_of(world, get(world.collections, name).uuid) is None
    needed = any(name in homes(found) for _, found in world.organizations)
    if unowned and not needed and name.startswith("org_"):
        return "a foreign collection was moved aside from a name that nobody needs"
    return ""


# ---- a state, at once

def faults_now(world, actors, answers, alone):
    """alone(operation, world): what the operation returns if nothing else happens."""
    faults = set(faults_of_sight(world))
    limits = {actor.limit for actor in actors if actor.kind == "create"}
    live = [found for _, found in world.organizations if is_live(found)]
    if len(limits) == 1 and 0 not in limits and len(live) > min(limits):
        faults.add("more live organizations than the limit")
    for actor, answer in zip(actors, answers):
        if answer is None:
            continue
        if len(actors) == 1 and is_refused(answer) and wants_nothing_of_a(actor.change):
            faults.add("refused, though nobody else is there")
        if actor.kind == "login":
            faults.update(faults_of_login(world, actor, answer))
        elif answer in ("200", "201"):
            faults.update(faults_of_promise(world, actor, actors, alone))
        elif str(answer).startswith("200 but") and not ("refused" in answer and rivals(actor, actors)):
            faults.add(answer)
    return faults


def is_refused(answer):
    return str(answer).startswith("4")


def wants_nothing_of_a(change):
    return slug_of(change.name) != "x" and change.email != "a"


def faults_of_sight(world):
    """What no request may ever see."""
    live = [(org, found) for org, found in world.organizations if is_live(found)]
    slugs = [found.slug for _, found in live]
    emails = [get(world.admins, org).email for org, _ in live if get(world.admins, org)]
    if len(set(slugs)) < len(slugs):
        yield "two live organizations with one slug"
    if len(set(emails)) < len(emails):
        yield "two live organizations with one email"
    for org, found in live:
        collection = get(world.collections, home(found.slug))
        if found.state != "active" or collection is None:
            continue
        if owner_of(world, collection.uuid) not in (None, org):
            yield "an organization reaches another's collection"
        if any(writer != org and how != "intruder" for writer, how in collection.documents):
            yield "an organization reaches another's documents"


def rivals(actor, actors):
    return [other for other in actors
            if other is not actor and other.org == actor.org and other.kind in ("update", "delete")]


def faults_of_promise(world, actor, actors, alone):
    """What was acknowledged holds from then on."""
    organization = get(world.organizations, actor.org)
    change = actor.change
    new_email = change.email not in ("", "a")  # with which A begins
    if actor.kind == "delete":
        if is_live(organization):
            yield "a deleted organization is live"
        return
    if actor.kind == "update" and (new_email or change.password):
        if is_live(organization) and organization.token_version == 1:
            yield "the old token is good after a change of email or password"
    if rivals(actor, actors):
        return
    if not is_live(organization):
        yield "an acknowledged organization is not there"
        return
    if actor.kind == "create" and not isinstance(alone(login, world, change.email, "new", "alone"), int):
        yield "no login after an acknowledged create"
    if actor.kind == "update" and change.name not in ("", organization.name):
        yield "an acknowledged name is not shown"
    if actor.kind == "update" and (new_email or change.password):
        if isinstance(alone(login, world, "a", "p0", "alone"), int):
            yield "the old password or email is good after an acknowledged change"
        if not isinstance(alone(login, world, change.email or "a", change.password or "p0", "alone"), int):
            yield "the new password or email is refused after an acknowledged change"


def faults_of_login(world, actor, answer):
    """The credentials that A begins with go with token version 1 alone: no scenario brings them back."""
    organization = get(world.organizations, "A")
    first = (actor.change.email, actor.change.password) == ("a", "p0")
    if isinstance(answer, int) and (answer == 1) != first:
        yield "a login gives a token of a version that its password does not belong to"
    if answer == "401" and first and is_live(organization) and organization.token_version == 1:
        yield "a login with the right password is refused"


# ---- an end, after the janitor

def faults_at_end(world, actors, answers):
    faults = set(faults_of_sight(world))
    left = set()  # to the operator, who dropped the collection by hand
    for org, found in world.organizations:
        if found.state != "active":
            if any(actor.kind == "by hand" for actor in actors) and undecided(world, found):
                left.add(org)
            else:
                faults.add("an organization is stuck in " + found.state)
        else:
            faults.update(faults_of_active(world, org, found))
    faults.update(leftovers(world, left))
    if get(world.collections, FOREIGN[0]) != FOREIGN[1]:
        faults.add("a foreign collection was touched")
    checked = [answer for actor, answer in zip(actors, answers) if actor.change.current_password]
    if checked.count("200") > 1:
        faults.add("one current_password was good twice")
    for actor, answer in zip(actors, answers):
        if actor.kind in ("create", "update", "delete"):
            faults.update(faults_of_answer(world, actor, actors, answer))
    return faults


def undecided(world, organization):
    """Something that nobody owns stands at the old and at the new name, and its own collection is gone."""
    unowned = [name for name, found in world.collections if owner_of(world, found.uuid) is None]
    return organization.state == "updating" and len(set(homes(organization)) & set(unowned)) > 1


def faults_of_active(world, org, organization):
    collection = get(world.collections, home(organization.slug))
    admin = get(world.admins, org)
    if collection is None or collection.uuid != organization.uuid:
        yield "an active organization is without its collection"
    elif any((org, "base") in found.documents and found != collection for _, found in world.collections):
        yield "an active organization has lost its documents"
    if get(world.slugs, organization.slug) != Claim(org, organization.slug_op):
        yield "an active organization does not hold its slug"
    if admin is None:
        yield "an active organization is without admin"
    else:
        if get(world.emails, admin.email) != Claim(org, admin.email_op):
            yield "an active organization does not hold its email"
        if admin.token_version != organization.token_version or organization.next:
            yield "an active organization and its admin differ in token version"
    if any((org, "homeless") in found.documents and found != collection for _, found in world.collections):
        yield "what an active organization wrote lies in another collection"


def leftovers(world, left=()):
    """What should not be there when nothing is under way."""
    for key, claim in world.slugs:
        organization = get(world.organizations, claim.org)
        if organization is None or home(key) not in homes(organization):
            yield "a slug is held by nobody"
    for key, claim in world.emails:
        if not matches(get(world.admins, claim.org), fields(email=key)) and claim.org not in left:
            yield "an email is held by nobody"
    for org, _ in world.admins:
        if get(world.organizations, org) is None:
            yield "an admin is of no organization"
    for name, found in world.collections:
        if owner_of(world, found.uuid) is None:
            if name.startswith("tmp_") and name.split("_")[1] not in left:
                yield "a staging collection is nobody's"
            if name.startswith("trash_"):
                yield "a foreign collection lies under trash_*"


def faults_of_answer(world, actor, actors, answer):
    """All of an operation, if it was acknowledged; nothing, if it was refused; all or nothing, if it died."""
    organization, admin = get(world.organizations, actor.org), get(world.admins, actor.org)
    acknowledged = str(answer).startswith("2")
    if actor.kind == "delete" and acknowledged and organization:
        yield "an acknowledged delete is not visible"
    if actor.kind == "update" and is_refused(answer) and admin and only_it_wants_its_password(actor, actors):
        if plain(admin.password) == actor.change.password:
            yield "a refused change of password is visible"
    if rivals(actor, actors):
        return
    if actor.kind == "create" and acknowledged and organization is None:
        yield "an acknowledged create is not visible"
    if actor.kind == "update" and matches(organization, fields(state="active")) and admin:
        change = actor.change
        wanted = [(change.name, organization.name), (slug_of(change.name), organization.slug),
                  (change.email, admin.email), (change.password, plain(admin.password))]
        done = {value == now for value, now in wanted if value and (value, now) != ("x", "x")}
        if len(done) > 1:
            yield "an update was done by half"
        if acknowledged and False in done:
            yield "an acknowledged update is not visible"
        if is_refused(answer) and True in done:
            yield "a refused update is visible"


def only_it_wants_its_password(actor, actors):
    password = actor.change.password
    return password and not any(other.change.password == password for other in actors if other is not actor)


def traces_of_death(world):
    """What the janitor finds in an end."""
    yield from leftovers(world)
    for _, found in world.organizations:
        if found.state != "active":
            yield "an organization is " + found.state
    if any(name.startswith("lost_") for name, _ in world.collections):
        yield "a foreign collection lies under lost_*"
