# SPDX-License-Identifier: Apache-2.0
"""Names on MongoDB: what others put where an organization belongs, duplicates, odd answers, and how many commands."""
import collections
import threading

import wire_faults
from mongo_operations import without_server_text
from mongo_wire import Message
from mongo_world import World, orgctl
from promises import expect
from stack import NUMBERS, PASSWORD, fresh_email
from tap import case, equal
from wire_faults import error_after, error_before, meanwhile

FOREIGN = {"_id": 1, "text": "of somebody else"}
OWN = {"_id": 2, "text": "of the tenant"}


def unique(word):
    return f"{word} {next(NUMBERS)}"


def slug(name):
    return name.lower().replace(" ", "-")


def collection(name):
    return "org_" + slug(name)


def words(world):
    """What orgctl store check finds, by kind."""
    return collections.Counter(word for word, _ in world.findings())


def aside(database):
    """Names of the collections that were moved out of the way."""
    return [name for name in database.collections() if name.startswith("lost_")]


def must_be_own(world, name, documents=()):
    """The organization's collection is the recorded one, and holds just that."""
    org = world.database.organization(slug(name))
    equal(org["coll_uuid"], world.database.collections()[collection(name)], f"the UUID of the collection of {name}")
    equal(world.database.find(collection(name)), list(documents), f"documents of {name}")


def must_be_aside(world, number):
    """So many foreign collections lie aside, with their documents, and the check tells of each."""
    names = aside(world.database)
    equal([world.database.find(name) for name in names], [[FOREIGN]] * number, "what lies aside")
    equal(words(world), {"collection_unowned": number}, "what orgctl store check finds")


@case
def dirty_name_created(setup):
    """a foreign collection under the new organization's name is moved aside, neither inherited nor dropped"""
    with World(setup) as world:
        name = unique("Dirty")
        world.database.insert(collection(name), FOREIGN)
        expect(world.stack.create(name, fresh_email()), 201)
        must_be_own(world, name)
        must_be_aside(world, 1)
        log = world.stack.orgd.log()
        equal("lost_" in log or "aside" in log, True, "word of it in the log")


@case
def dirty_name_empty(setup):
    """an empty foreign collection is no better: moved aside, not dropped, not taken over"""
    with World(setup) as world:
        name = unique("Empty")
        world.database.client.create(world.database.name, collection(name))
        uuid = world.database.collections()[collection(name)]
        expect(world.stack.create(name, fresh_email()), 201)
        must_be_own(world, name)
        equal([world.database.collections()[one] for one in aside(world.database)], [uuid], "what lies aside")


@case
def dirty_name_renamed_to(setup):
    """the same where a rename wants to go; the tenant's own documents come along"""
    with World(setup) as world:
        tenant, name = world.stack.tenant(), unique("Target")
        world.database.insert(collection(tenant.name), OWN)
        world.database.insert(collection(name), FOREIGN)
        expect(tenant.update(organization_name=name), 200)
        must_be_own(world, name, [OWN])
        must_be_aside(world, 1)


@case
def late_writer(setup):
    """who writes under the old name after a rename is reported, and inherited by nobody"""
    with World(setup) as world:
        tenant = world.stack.tenant()
        old, new = tenant.name, unique("Moved")
        world.database.insert(collection(old), OWN)
        expect(tenant.update(organization_name=new), 200)
        world.database.insert(collection(old), FOREIGN)
        equal(words(world), {"collection_unowned": 1}, "what orgctl store check finds")
        expect(world.stack.create(old, fresh_email()), 201)
        must_be_own(world, old)
        must_be_own(world, new, [OWN])
        must_be_aside(world, 1)


@case
def replaced_collection(setup):
    """a delete does not drop a foreign collection that stands where the tenant's was"""
    with World(setup) as world:
        tenant = world.stack.tenant()
        world.database.rename(collection(tenant.name), "elsewhere")
        world.database.insert(collection(tenant.name), FOREIGN)
        expect(tenant.call("DELETE", "/org/delete"), 200)
        equal(world.database.find(collection(tenant.name)), [FOREIGN], "the foreign documents")
        equal("elsewhere" in world.database.collections(), False, "whether the tenant's collection is still there")


@case
def late_move_of_a_delete(setup):
    """where UUIDs are not compared, as orgctl works, a move that is carried out late puts nothing where a delete drops"""
    with World(setup) as world:
        tenant, held = world.stack.tenant(), []
        name = collection(tenant.name)

        def hold(link, command):
            held.append(command.body["to"].split(".", 1)[1])
            error_before(117)(link, command)

        def others():
            """A recovery drops the collection, another program makes one of its name, the move comes to that."""
            trash, = [one for one in world.database.collections() if one.startswith("trash_")]
            world.database.drop(trash)
            world.database.insert(name, FOREIGN)
            world.database.rename(name, held[0])

        world.proxy.fault("renameCollection", name, hold)
        world.proxy.fault("drop", kind=meanwhile(others), where=lambda command: command.collection.startswith("trash_"))
        orgctl(world.stack.orgd, world.proxy, "org", "delete", slug(tenant.name), "-y")
        equal(world.database.find(held[0]), [FOREIGN], "the foreign documents")


@case
def view_at_the_name(setup):
    """a view, which has no UUID, at the name of a collection that was dropped by hand is not taken for that"""
    with World(setup) as world:
        tenant = world.stack.tenant()
        name, org = collection(tenant.name), world.database.organization(slug(tenant.name))
        world.database.drop(name)
        world.database.insert(name, FOREIGN)

        def as_view(link, command):
            answer = link.ask(command.message)
            for row in answer.body["cursor"]["firstBatch"]:
                if row["name"] == name:
                    row.update(type="view", info={"readOnly": True})
            link.send(Message.of(answer.body, command.message.number))
        world.proxy.fault("listCollections", kind=as_view, count=None)
        expect(tenant.update(organization_name=unique("Away")), 503)
        equal(world.database.organization(slug(tenant.name)), org, "the organization")


@case
def missing_collection(setup):
    """an organization whose collection was dropped by hand can be renamed, and deleted"""
    with World(setup) as world:
        renamed, deleted, name = world.stack.tenant(), world.stack.tenant(), unique("Found")
        for tenant in (renamed, deleted):
            world.database.drop(collection(tenant.name))
        equal(words(world), {"collection_missing": 2}, "what orgctl store check finds")
        expect(renamed.update(organization_name=name), 200)
        must_be_own(world, name)
        expect(deleted.call("DELETE", "/org/delete"), 200)
        equal((world.database.faults(), world.findings()), ([], set()), "what is left")


@case
def which_duplicate(setup):
    """the answer names what is taken, the name first, and nobody else's values; the log has none either"""
    world = setup.world
    first, second = world.stack.tenant(), world.stack.tenant()
    table = (
        (first.name, fresh_email(), "organization_exists"),
        (first.name.upper() + "!", fresh_email(), "organization_exists"),
        (unique("Free"), first.email, "email_taken"),
        (unique("Free"), first.email.upper(), "email_taken"),
        (first.name, second.email, "organization_exists"),
    )
    for name, email, code in table:
        answer = expect(world.stack.create(name, email), 409, code)
        equal(b"dup key" in answer.body or b"E11000" in answer.body, False, "text of the server in the answer")
    expect(second.update(organization_name=first.name), 409, "organization_exists")
    expect(second.update(email=first.email), 409, "email_taken")
    expect(second.update(organization_name=first.name, email=first.email), 409, "organization_exists")
    equal(world.database.faults(), [], "what is left of the refused")
    log = world.stack.orgd.log()
    for text in (first.email, second.email, first.name, slug(first.name), "E11000", "dup key", PASSWORD):
        equal(text in log, False, f"whether the log has {text}")


@case
def emails_without_case(setup):
    """an email differs from another by more than its case, and logs in in any"""
    world = setup.world
    expect(world.stack.create(unique("Case"), "A.B@X.org"), 201)
    expect(world.stack.create(unique("Case"), "a.b@x.ORG"), 409, "email_taken")
    for email in ("A.B@X.org", "a.b@x.ORG", "a.b@x.org"):
        world.stack.login(email)


@case
def rename_answers(setup):
    """renames to the same name, to a taken one, and with a dead token"""
    world = setup.world
    first, second = world.stack.tenant(), world.stack.tenant()
    for tenant, document in ((first, OWN), (second, FOREIGN)):
        world.database.insert(collection(tenant.name), document)
    with world.proxy.recording() as commands:
        expect(first.update(organization_name=first.name), 200)
    equal([one for one in commands if one.writes], [], "writes of a rename to the same name")
    expect(first.update(organization_name=second.name), 409, "organization_exists")
    must_be_own(world, first.name, [OWN])
    must_be_own(world, second.name, [FOREIGN])
    expect(second.call("DELETE", "/org/delete"), 200)
    expect(second.update(organization_name=unique("Dead")), 401, "invalid_token")
    expect(first.update(organization_name=second.name), 200)
    must_be_own(world, second.name, [OWN])
    equal(world.database.faults(), [], "what is left")


@case
def drop_answers(setup):
    """whatever a server says to a drop that is done already, the delete is done; a second one has no token"""
    kinds = (error_after(26), error_after(None), wire_faults.lose_answer, wire_faults.cut_before)
    world = setup.world
    for kind in kinds:
        tenant = world.stack.tenant()
        rule = world.proxy.fault("drop", collection(tenant.name), kind)
        expect(without_server_text(tenant.call("DELETE", "/org/delete")), 200)
        equal(rule.fired, 1, f"how often {kind.__name__} struck")
        expect(tenant.call("DELETE", "/org/delete"), 401, "invalid_token")
        expect(world.stack.get(tenant.name), 404)
    equal((world.database.faults(), world.findings()), ([], set()), "what is left")


@case
def busy_answers(setup):
    """a read that the server puts off, as while it elects or starts, is asked again"""
    world = setup.world
    tenant = world.stack.tenant()
    for code in (24, 46, 112, 117, 134, 175):
        with world.proxy.faulty("find", kind=error_before(code), count=2):
            expect(without_server_text(world.stack.get(tenant.name)), 200)


@case
def readers_during_changes(setup):
    """many readers while an organization is renamed to and fro and others come and go: never another's data"""
    world = setup.world
    tenant, stop, faults = world.stack.tenant(), threading.Event(), []
    names = [tenant.name, unique("Fro")]
    passing = unique("Passing")

    def read(index):
        while not stop.is_set():
            name = [*names, passing][index % 3]
            answer = world.stack.get(name)
            fits = answer.status == 200 and answer.json["organization_name"] == name and (
                answer.json["org_id"] == tenant.org["org_id"]) == (name != passing)
            if not fits and answer.status not in (404, 503):
                faults.append(answer)

    readers = [threading.Thread(target=read, args=(index,)) for index in range(8)]
    for reader in readers:
        reader.start()
    try:
        for turn in range(12):
            expect(tenant.update(organization_name=names[(turn + 1) % 2]), 200)
            expect(world.stack.create(passing, "passing@example.org"), 201)
            token = world.stack.login("passing@example.org")
            expect(world.stack.call("DELETE", "/org/delete", token=token), 200)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    equal(faults, [], "wrong answers")


def commands_of(world, act):
    """How many commands a request sends, the fewest of three: the janitor's come in between."""
    numbers = []
    for _ in range(3):
        with world.proxy.recording() as commands:
            act()
        numbers.append(len(commands))
    return min(numbers)


@case
def round_trips(setup):
    """reads take as few commands as can be: a GET one, a checked token one, a login two"""
    world = setup.world
    tenant = world.stack.tenant()
    by_slug = f"/org/get?slug={tenant.org['slug']}"
    other = {"organization_name": "Other"}
    table = {
        "GET by name": (1, lambda: expect(world.stack.get(tenant.name), 200)),
        "GET by slug": (1, lambda: expect(world.stack.call("GET", by_slug), 200)),
        "GET of none": (1, lambda: expect(world.stack.get("None"), 404)),
        "token check": (1, lambda: expect(tenant.call("DELETE", "/org/delete", json=other), 403)),
        "login": (2, lambda: world.stack.login(tenant.email)),
        "login of nobody": (1, lambda: expect(world.stack.try_login("nobody@example.org"), 401)),
        "healthz": (0, lambda: expect(world.stack.call("GET", "/healthz"), 200)),
    }
    got = {what: commands_of(world, act) for what, (_, act) in table.items()}
    equal(got, {what: number for what, (number, _) in table.items()}, "numbers of commands")
