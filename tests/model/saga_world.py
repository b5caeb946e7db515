# SPDX-License-Identifier: Apache-2.0
"""The database server as the search sees it: a value, and commands that turn it into another one.

A command is a tuple, verb first; serve() carries it out at once and wholly, as the server does with one
document or one collection. Nothing else is atomic. The documents have the fields that the store gives
them, without those that no step of the protocol looks at (times are not modelled: what may be done
after a while may be done at once).
"""
from typing import NamedTuple

STATES = ("creating", "active", "updating", "deleting")
LIVE = ("active", "updating")
LOST = "lost"  # the answer to a write that may or may not have been applied


class Settings:
    """What differs between two runs of the search."""
    conditional = True  # the server honours collectionUUID in renameCollection and drop
    wrong = ""  # the one line of the protocol that is wrong, by name


def wrong(variant):
    return Settings.wrong == variant


class Plan(NamedTuple):
    """What an update that was committed still has to do; "": stays as it is."""
    name: str
    slug: str
    email: str
    password: str
    old_email: str  # whose claim is to be released, with email
    old_email_op: str
    foreign: str  # the UUID that stood at the new collection's name before the commit


class Organization(NamedTuple):
    state: str
    name: str
    slug: str
    op: str  # the latest operation
    slug_op: str  # the operation whose claim the slug is
    uuid: str  # of its collection; "": not known yet
    token_version: int
    version: int  # raised by every write: the fence
    next: Plan | None


class Admin(NamedTuple):  # its _id is that of its organization here
    email: str
    email_op: str
    password: str  # stands for the hash
    token_version: int


class Claim(NamedTuple):  # in slugs and emails, the key is the _id
    org: str
    op: str


class Collection(NamedTuple):
    uuid: str
    documents: frozenset  # of (writer, how it came to be there)


class World(NamedTuple):
    """Tables are sorted tuples of (key, document)."""
    organizations: tuple = ()
    slugs: tuple = ()
    emails: tuple = ()
    admins: tuple = ()
    collections: tuple = ()
    made: tuple = ()  # actor -> how many collections it has made; a UUID never comes back


def get(table, key):
    for found, document in table:
        if found == key:
            return document
    return None


def put(table, key, document):
    return tuple(sorted([row for row in table if row[0] != key] + [(key, document)]))


def cut(table, key):
    return tuple(row for row in table if row[0] != key)


def fields(**values):
    """A filter, or what to set."""
    return tuple(values.items())


def matches(document, wanted):
    return document is not None and all(getattr(document, name) == value for name, value in wanted)


def home(slug):
    return "org_" + slug


def homes(organization):
    """The names at which its collection may stand."""
    names = [home(organization.slug)]
    if organization.next and organization.next.slug:
        names.append(home(organization.next.slug))
    return names


def is_live(organization):
    return organization is not None and organization.state in LIVE


def owner_of(world, uuid):
    for org, organization in world.organizations:
        if uuid and organization.uuid == uuid:
            return org
    return None


# ---- data commands

def read(world, actor, table, key):
    return world, get(getattr(world, table), key)


def read_all(world, actor, table):
    return world, getattr(world, table)


def read_owners(world, actor, org, uuids):
    """find {$or: [{_id: org}, {uuid: {$in: uuids}}]}"""
    return world, tuple(row for row in world.organizations if row[0] == org or row[1].uuid in uuids)


def count(world, actor, states):
    return world, sum(found.state in states for _, found in world.organizations)


def read_admins(world, actor, email):
    return world, tuple(row for row in world.admins if row[1].email == email)


def insert(world, actor, table, key, document):
    rows = getattr(world, table)
    if get(rows, key) is not None:
        return world, "duplicate"
    return world._replace(**{table: put(rows, key, document)}), "ok"


def update(world, actor, table, key, condition, changes):
    """Compare-and-set of one document; each write to an organization raises its version."""
    rows = getattr(world, table)
    document = get(rows, key)
    if not matches(document, condition):
        return world, False
    if table == "organizations":
        document = document._replace(version=document.version + 1)
    return world._replace(**{table: put(rows, key, document._replace(**dict(changes)))}), True


def delete(world, actor, table, key, condition):
    rows = getattr(world, table)
    if not matches(get(rows, key), condition):
        return world, "none"
    return world._replace(**{table: cut(rows, key)}), "ok"


def delete_of(world, actor, table, org):
    """deleteMany {org: org}"""
    rows = [row for row in getattr(world, table) if (row[0] if table == "admins" else row[1].org) != org]
    return world._replace(**{table: tuple(rows)}), "ok"


# ---- collections

def made(world, actor, name, documents=frozenset()):
    number = (get(world.made, actor) or 0) + 1
    collections = put(world.collections, name, Collection(f"{actor}.{number}", documents))
    return world._replace(made=put(world.made, actor, number), collections=collections)


def list_collections(world, actor, *names):
    return world, tuple((name, found.uuid) for name, found in world.collections if not names or name in names)


def create(world, actor, name):
    """Servers differ in what they say of a name that is taken; so the answer tells nothing."""
    if get(world.collections, name):
        return world, "ok"
    return made(world, actor, name), "ok"


def source(world, name, uuid):
    collection = get(world.collections, name)
    if collection is None or (Settings.conditional and uuid and collection.uuid != uuid):
        return None
    return collection


def rename(world, actor, old, new, uuid):
    collection = source(world, old, uuid)
    if collection is None:
        return world, "no source"
    if get(world.collections, new):
        return world, "exists"
    return world._replace(collections=put(cut(world.collections, old), new, collection)), "ok"


def drop(world, actor, name, uuid):
    if source(world, name, uuid) is None:
        return world, "no source"
    return world._replace(collections=cut(world.collections, name)), "ok"


# ---- programs that are not orgd

def how_written(world, writer, name, collection):
    """own; intruder: into what was another's; homeless: its own name, but nothing of its own is there."""
    owner = owner_of(world, collection.uuid) if collection else None
    if collection and not owner:  # restored by hand: it is the owner's, though nobody has recorded it yet
        uuids = {found.uuid for _, found in world.collections}
        owner = next((org for org, found in world.organizations
                      if found.state in LIVE and name in homes(found) and found.uuid not in uuids), None)
    if owner:
        return "own" if owner == writer else "intruder"
    organization = get(world.organizations, writer)
    return "homeless" if matches(organization, fields(state="active", slug=name[len("org_"):])) else "late"


def write(world, actor, writer, name):
    """An insert, which makes a collection that is not there."""
    collection = get(world.collections, name)
    document = (writer, how_written(world, writer, name, collection))
    if collection is None:
        return made(world, actor, name, frozenset([document])), "ok"
    grown = collection._replace(documents=collection.documents | {document})
    return world._replace(collections=put(world.collections, name, grown)), "ok"


def drop_by_hand(world, actor, org):
    organization = get(world.organizations, org)
    if not is_live(organization):
        return world, None
    for name, found in world.collections:
        if found.uuid == organization.uuid and not name.startswith("tmp_"):
            return world._replace(collections=cut(world.collections, name)), name
    return world, None


WRITES = {"insert": insert, "update": update, "delete": delete, "delete_of": delete_of,
          "create": create, "rename": rename, "drop": drop}
COMMANDS = WRITES | {"read": read, "read_all": read_all, "read_owners": read_owners, "count": count,
                     "read_admins": read_admins, "list": list_collections,
                     "write": write, "drop_by_hand": drop_by_hand}


def serve(world, actor, command):
    """-> the world after the command, the answer."""
    return COMMANDS[command[0]](world, actor, *command[1:])
