# SPDX-License-Identifier: Apache-2.0
"""The worlds to begin with, the actors, which of them meet, what must be caught, and what is known.

A scenario is written [WORLD/]ACTOR+ACTOR...; ids of organizations and operations end in the actor's place
in it, from 0.
"""
import itertools
from collections import Counter
from typing import NamedTuple

import saga_protocol as protocol
import saga_upkeep as upkeep
from saga_judge import FOREIGN, Actor
from saga_protocol import Change
from saga_world import Admin, Claim, Collection, Organization, World, cut, home, put


# ---- worlds

def with_organization(world, org, slug, email):
    op = org + "0"
    organization = Organization("active", slug, slug, op, op, "u" + org, 1, 1, None)
    return world._replace(
        organizations=put(world.organizations, org, organization),
        slugs=put(world.slugs, slug, Claim(org, op)), emails=put(world.emails, email, Claim(org, op)),
        admins=put(world.admins, org, Admin(email, op, "p0", 1)),
        collections=put(world.collections, home(slug), Collection("u" + org, frozenset([(org, "base")]))))


ONE = with_organization(World(collections=(FOREIGN,)), "A", "x", "a")
STRANGER = Collection("stranger", frozenset([("F", "base")]))
WORLDS = {
    "": ONE,
    "two": with_organization(ONE, "Z", "z", "z"),
    # a foreign org_y stands, and A's collection was dropped by hand
    "standing": ONE._replace(collections=put(cut(ONE.collections, "org_x"), "org_y", STRANGER)),
    # an operation of A's died after its claims and before its commit
    "stray": ONE._replace(slugs=put(ONE.slugs, "y", Claim("A", "dead")),
                          emails=put(ONE.emails, "e", Claim("A", "dead"))),
}


# ---- actors

def creates(org, slug, email, limit=0):
    def actor(label, number):
        own, op, wanted = f"{org}{number}", f"k{number}", Change(slug.format(number), email.format(number))
        return Actor(label, "create", lambda: protocol.create(own, wanted.name, wanted.email, op, limit),
                     own, op, wanted, limit)
    return actor


def updates(org="A", operation=protocol.update, **change):
    wanted = Change(**change)
    return lambda label, number: Actor(label, "update", lambda: operation(org, 1, wanted, f"k{number}"),
                                       org, f"k{number}", wanted)


def operator_updates(org, change, op):
    """Who may do anything: whatever the token's version is by now."""
    found = yield "read", "organizations", org
    answer = yield from protocol.update(org, found.token_version, change, op)
    return answer


def operates(**change):
    wanted = Change(**change)
    return lambda label, number: Actor(label, "update", lambda: operator_updates("A", wanted, f"k{number}"),
                                       "A", f"k{number}", wanted, operator=True)


def deletes(org="A"):
    return lambda label, number: Actor(label, "delete", lambda: protocol.delete(org, 1, f"k{number}"),
                                       org, f"k{number}")


def logs_in(email, password):
    return lambda label, number: Actor(label, "login", lambda: upkeep.login(email, password, f"k{number}"),
                                       change=Change(email=email, password=password))


def recovers(org):
    return lambda label, number: Actor(label, "recover", lambda: upkeep.recover(org, f"k{number}"))


def sweeps(label, number):
    return Actor(label, "janitor", lambda: upkeep.janitor(f"k{number}"))


def writes(writer, slug):
    def program():
        yield "write", writer, home(slug)
    return lambda label, number: Actor(label, "write", program)


def restores(label, number):
    def program():
        name = yield "drop_by_hand", "A"
        if name:
            yield "write", "A", name
    return Actor(label, "by hand", program)


def drops_by_hand(label, number):
    def program():
        yield "drop_by_hand", "A"
    return Actor(label, "by hand", program)


def change_then_log_in(org, token, change, op):
    """A client that changes its password, and then tries the old token, the old password and the new one."""
    answer = yield from protocol.update(org, token, change, op)
    if answer != "200":
        return answer
    good = yield from upkeep.token_right(org, token)
    if good:
        return "200 but the old token is good"
    answer = yield from upkeep.login("a", "p0", op)
    if isinstance(answer, int):
        return "200 but the old password is good"
    answer = yield from upkeep.login(change.email or "a", change.password, op)
    return "200" if isinstance(answer, int) else "200 but the new password is refused"


ACTORS = {
    "create-x": creates("B", "x", "b{}"),  # takes A's slug once A lets go of it
    "create-a": creates("C", "v", "a"),  # takes A's email once A lets go of it
    "create-y": creates("D", "y", "e"),  # rivals A's update for slug and email
    "create-limited": creates("L", "l{}", "l{}", limit=2),  # A is one; slugs and emails differ
    "create-alone": creates("L", "l{}", "l{}", limit=1),  # must wait until A is gone
    "rename-y": updates(name="y"),
    "rename-x": updates(name="x"),  # back to where A began
    "display": updates(name="X"),  # same slug
    "operator": operates(name="X"),
    "email-e": updates(email="e"),
    "email-a": updates(email="a"),
    "password": updates(password="p1"),
    "password-checked": updates(password="p1", current_password="p0"),
    "combined": updates(name="y", email="e", password="p1"),
    "client": updates(operation=change_then_log_in, password="p1"),
    "delete": deletes(),
    "login-old": logs_in("a", "p0"),
    "login-password": logs_in("a", "p1"),
    "login-new": logs_in("e", "p1"),
    "recover": recovers("A"),
    "recover-create-x": recovers("B0"),
    "recover-create-y": recovers("D0"),
    "recover-alone": recovers("L0"),
    "janitor": sweeps,
    "write-x": writes("A", "x"),
    "write-y": writes("A", "y"),
    "write-x-early": writes("B0", "x"),
    "foreign-y": writes("F", "y"),
    "restore": restores,
    "drop-by-hand": drops_by_hand,
    # for the world "two"
    "rename-z": updates(name="z"),
    "z-rename-x": updates(org="Z", name="x"),
    "z-rename-w": updates(org="Z", name="w"),
    "z-delete": deletes("Z"),
    "z-recover": recovers("Z"),
    "z-write-z": writes("Z", "z"),
}
LOGINS = {"login-old", "login-password", "login-new"}
# what begins something: without one of these nothing happens
BEGINNERS = {"create-x", "create-a", "create-y", "create-limited", "create-alone", "rename-y", "rename-x",
             "display", "email-e", "email-a", "password", "password-checked", "combined", "client", "delete",
             "janitor", "drop-by-hand", "rename-z", "z-rename-x", "z-rename-w", "z-delete"}
SELDOM = ("operator", "create-alone", "recover-alone")  # is in chosen scenarios only
OF_TWO = ("rename-z", "z-rename-x", "z-rename-w", "z-delete", "z-recover", "z-write-z")
CAST = {  # who may meet in a world
    "": [label for label in ACTORS if label not in OF_TWO + SELDOM],
    "two": [*OF_TWO, "rename-y", "delete", "recover", "janitor", "write-x"],
    "standing": ["create-y", "rename-y", "display", "email-e", "combined", "delete", "recover", "janitor",
                 "write-x"],
    "stray": ["create-a", "create-y", "rename-y", "email-e", "combined", "delete", "recover", "janitor"],
}


def is_scenario(text):
    world, _, labels = text.rpartition("/")
    return world in WORLDS and set(labels.split("+")) <= set(ACTORS)


def actors_of(scenario):
    labels = scenario.rpartition("/")[2].split("+")
    return [ACTORS[label](label, number) for number, label in enumerate(labels)]


def world_of(scenario):
    return WORLDS[scenario.rpartition("/")[0]]


def is_sensible(labels):
    chosen = set(labels)
    if not chosen & BEGINNERS:
        return False
    if chosen & {"recover-create-x", "write-x-early"} and labels[0] != "create-x":
        return False
    if "recover-create-y" in chosen and labels[0] != "create-y":
        return False
    if chosen >= {"email-a", "login-old"} and chosen & {"email-e", "combined"}:
        return False  # the first credentials would come back; see faults_of_login()
    company = {"create-limited", "delete", "recover", "janitor", "rename-y"}
    if "create-limited" in chosen and not chosen <= company:
        return False  # it has to do with the number of organizations alone
    return len(labels) < 3 or sum(label in LOGINS for label in labels) < 2  # logins hardly write


def scenarios(size, world=""):
    """All that meet by so many, as often as they like."""
    meetings = itertools.combinations_with_replacement(CAST[world], size)
    return [(world + "/" if world else "") + "+".join(labels) for labels in meetings if is_sensible(labels)]


def elsewhere(size):
    return [scenario for world in WORLDS if world for scenario in scenarios(size, world)]


CHOSEN = """
    create-x+rename-y+delete create-x+rename-y+rename-x create-x+delete+recover create-x+delete+write-x
    create-x+recover-create-x+write-x-early create-a+combined+delete create-a+combined+recover
    create-y+combined+delete create-y+email-e+delete create-y+create-y+recover-create-y
    create-y+recover-create-y+recover-create-y create-y+recover-create-y+write-y
    create-limited+create-limited+create-limited create-limited+create-limited+delete
    create-alone+delete+recover-alone+recover-alone
    rename-y+rename-x+recover rename-y+rename-x+restore rename-y+display+write-x
    rename-y+janitor+drop-by-hand rename-y+foreign-y+drop-by-hand
    combined+recover+login-old combined+recover+login-new combined+delete+recover
    combined+recover+foreign-y password+email-e+recover client+recover+password client+email-e+recover
    password-checked+password-checked+recover password+operator+recover combined+operator+recover
    delete+recover+write-x delete+recover+janitor
    two/rename-z+z-delete+z-recover two/rename-z+z-rename-x+recover stray/create-y+rename-y+recover
""".split()

FOUR = """
    create-x+delete+recover+recover create-x+delete+recover+write-x-early create-x+delete+recover+write-x
    create-x+create-x+delete+recover create-x+create-x+delete+recover-create-x
    create-x+delete+recover+recover-create-x create-x+delete+recover+janitor
    create-x+rename-y+delete+recover create-x+rename-y+recover+recover create-x+rename-y+recover+write-x
    create-x+rename-y+recover+janitor create-x+rename-y+rename-x+recover create-y+rename-y+delete+recover
    create-y+rename-y+recover+recover-create-y create-y+delete+email-e+recover-create-y
    create-y+create-y+recover-create-y+recover-create-y create-y+create-y+recover-create-y+janitor
    rename-y+rename-y+delete+recover rename-y+rename-x+recover+recover rename-y+rename-x+recover+janitor
    rename-y+rename-x+delete+recover rename-y+delete+recover+janitor email-e+email-a+delete+janitor
    create-a+combined+delete+recover create-a+combined+recover+janitor combined+combined+recover+janitor
    combined+password+recover+login-old combined+email-e+email-a+recover
    create-y+combined+recover+janitor password+password+recover+janitor
    password+email-e+recover+login-old client+combined+recover+janitor delete+recover+recover+write-x
    create-limited+create-limited+create-limited+delete two/rename-z+z-rename-x+recover+z-recover
    two/rename-z+z-delete+z-recover+recover two/rename-z+z-delete+z-recover+z-write-z
    two/rename-z+z-rename-w+recover+z-recover two/z-rename-x+delete+recover+z-recover
""".split()


# ---- what must be caught: variants with one wrong line

class Wrong(NamedTuple):
    what: str
    scenario: str  # where it shows
    losses: int


WRONG = {
    "refuse_own_claim": Wrong(
        "a claim that its own lost insert made is taken for another's", "create-y", 1),
    "sweep_without_fence": Wrong(
        "a stray claim is removed without a fence before it", "create-y+rename-y", 0),
    "release_by_organization": Wrong(
        "a claim is released by organization, not by operation", "rename-y+rename-x", 1),
    "release_early": Wrong(
        "old claims are released before the organization is active again", "create-x+rename-y", 0),
    "latest_answer_only": Wrong(
        "an update whose commit was not heard of is refused by a later one", "password+operator+recover", 1),
    "release_used_claims": Wrong(
        "an unknown commit releases its claims without a look whether they are in use", "rename-y", 1),
    "guard_read_once": Wrong(
        "place does not look at its guard again when it reads whose that is", "rename-y+restore+janitor", 0),
    "create_in_place": Wrong(
        "a collection is created at its final name", "create-y+write-y", 0),
    "insert_again": Wrong(
        "an organization is inserted again after an unknown answer", "create-y+recover-create-y", 1),
    "count_live_only": Wrong(
        "the limit counts live organizations only", "create-limited+create-limited", 0),
    "begin_again_anyway": Wrong(
        "a create is begun again whoever removed its first document",
        "create-alone+delete+recover-alone+recover-alone", 0),
    "token_not_compared": Wrong(
        "an update does not compare the token's version", "display+password", 0),
    "rename_without_look": Wrong(
        "a rename is committed without a look at the old and the new name", "standing/rename-y", 0),
    "admin_first": Wrong(
        "an update changes the admin before it commits", "password", 0),
    "commit_without_version": Wrong(
        "an update commits on any active organization", "rename-y+rename-y", 0),
    "drop_by_name": Wrong(
        "a collection is dropped by name, without its UUID", "create-x+recover-create-x", 0),
    "trash_by_organization": Wrong(
        "the name to drop at is the organization's, not the attempt's", "delete+recover+write-x", 1),
    "trash_by_worker": Wrong(
        "the trash name is an executor's, not the attempt's", "delete+recover+write-x", 1),
    "first_admin_only": Wrong(
        "a login looks at one admin only", "create-y+create-y+recover-create-y", 0),
    "versions_not_compared": Wrong(
        "a login does not compare token versions", "password+login-old", 0),
    "renew_blindly": Wrong(
        "a login renews the hash whatever stands there now", "password+login-old", 0),
    "organizations_before_list": Wrong(
        "the janitor reads organizations, then lists collections", "create-y+janitor", 0),
    "drop_any_staging": Wrong(
        "the janitor drops a collection that may still be recorded", "rename-y+janitor+drop-by-hand", 0),
}
LIST_ONLY = {"trash_by_organization", "trash_by_worker"}  # does no harm where the server compares UUIDs


# ---- bad ends that are known

class Known(NamedTuple):
    """Each scenario that contains one of the combinations has the bad end: who is added may die at once."""
    name: str
    reason: str
    faults: tuple
    combinations: tuple
    modes: tuple = (True, False)  # whether the server compares UUIDs


ASIDE = "a foreign collection was moved aside from a name that nobody needs"
TRASH = "a foreign collection lies under trash_*"
REACHES = "an organization reaches another's documents"
STRANDED = "what an active organization wrote lies in another collection"
BORROWED = "an organization reaches another's collection"
WITHOUT = "an active organization is without its collection"
OVERTAKEN = ("create-y+recover-create-y+write-y", "create-y+recover-create-y+foreign-y",
             "create-y+janitor+write-y", "create-y+janitor+foreign-y")
IN_THE_MIDDLE = ("create-x+rename-y+restore", "create-x+rename-y+drop-by-hand", "create-x+combined+restore",
                 "create-x+combined+drop-by-hand", "rename-y+rename-x+restore", "rename-y+display+restore",
                 "rename-y+write-x+restore", "rename-y+write-x+drop-by-hand", "rename-y+write-y+restore",
                 "rename-y+restore+restore", "rename-y+restore+drop-by-hand", "rename-y+delete+restore",
                 "combined+write-x+restore", "combined+write-x+drop-by-hand", "combined+write-y+restore",
                 "combined+restore+restore", "combined+restore+drop-by-hand", "combined+delete+restore",
                 "delete+janitor+restore")
KNOWN = [
    Known("stranger at home",
          "an organization's collection was dropped by hand, and another program made one at that name, or "
          "at the new one of a rename that was just looking: nothing tells it from a restored collection",
          (REACHES,), ("create-x+write-x-early+drop-by-hand", "create-x+write-x-early+restore",
                       "rename-y+foreign-y+drop-by-hand", "rename-y+foreign-y+restore",
                       "combined+foreign-y+drop-by-hand", "combined+foreign-y+restore")),
    Known("overtaken create",
          "a create that saw what another program had made at its name was taken for dead and rolled back, "
          "and moves it aside after all: it lies in lost_*, whole",
          (ASIDE,), ("standing/create-y+janitor", *OVERTAKEN)),
    Known("late move of a delete",
          "look and move of a delete or a rollback are two commands there: what another program made at the "
          "name in between, or before the server carried the move out, lies in trash_* or lost_*, whole",
          (ASIDE, TRASH), ("delete+write-x", "two/z-delete+z-write-z", "two/delete+write-x",
                          "rename-y+delete+write-y", "rename-y+delete+foreign-y", *OVERTAKEN), (False,)),
    Known("late move meets the next owner",
          "the same, when the name has its next owner: that one's collection lies in trash_*, whole, until "
          "the janitor puts it back; meanwhile it sees what a program of the former owner inserts there, and "
          "what its own inserts goes to lost_*, whole",
          (REACHES, STRANDED, TRASH, ASIDE),
          ("create-x+delete+write-x-early", "create-x+delete+write-x", "two/rename-z+z-delete+z-write-z",
           "two/z-rename-x+delete+write-x"), (False,)),
    Known("late move of a rename",
          "the server carries a rename out after its organization was renamed back: the collection stands at "
          "the other name until the janitor puts it back; what is written meanwhile goes to lost_*, whole",
          (STRANDED,), ("rename-y+display+write-x", "rename-y+rename-x+write-x")),
    Known("hand in the middle",
          "somebody drops or restores a collection by hand in the middle of its organization's rename or "
          "delete, and a move is carried out late: it meets what was made at that name; nothing is dropped",
          (STRANDED, ASIDE, TRASH, BORROWED, WITHOUT), IN_THE_MIDDLE),
]


def known_end(scenario, conditional, fault):
    world, _, labels = scenario.rpartition("/")
    for known in KNOWN:
        for combination in known.combinations:
            of_world, _, needed = combination.rpartition("/")
            missing = Counter(needed.split("+")) - Counter(labels.split("+"))
            if fault in known.faults and conditional in known.modes and of_world == world and not missing:
                return known.name
    return ""
