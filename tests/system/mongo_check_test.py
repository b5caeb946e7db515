# SPDX-License-Identifier: Apache-2.0
"""orgctl store check on MongoDB: each kind of fault made by hand, found, mended; and nothing foreign touched."""
import datetime
import sys
import threading

from mongo_bson import Int64, ObjectId
from mongo_server import run_cases
from mongo_support import LONG_AGO, Database
from tap import case, equal, wait_until

ACME, ZORN = "a@acme.example", "z@zorn.example"


def filled(server):
    """Two organizations with a document each, found right."""
    world = Database(server)
    for name, email in (("Acme", ACME), ("Zorn", ZORN)):
        world.create(name, email)
        world.insert(f"org_{name.lower()}", {"_id": 1, "of": name})
    world.age()
    return world


def works(world, email=ACME, slug="acme"):
    """The organization is whole: it is shown, its admin can log in, and its document is there."""
    equal(world.ok("org", "show", slug, "--json").json["slug"], slug)
    equal(world.ok("admin", "show", slug, "--json").json["email"], email)
    equal(world.find(f"org_{slug}"), [{"_id": 1, "of": "Acme"}], "documents")
    assert world.login(email) is not None, "no login"


@case
def what_the_verbs_made_is_right(server):
    with filled(server) as world:
        world.expect_found()
        world.ok("org", "rename", "acme", "Mint")
        world.ok("admin", "email", "mint", "m@mint.example")
        world.age()
        world.expect_found()
        world.ok("org", "delete", "mint", "-y")
        world.expect_found()


# ---- Operations that died ----

@case
def a_create_that_died_is_undone(server):
    with filled(server) as world:
        org, op, admin = ObjectId(), ObjectId(), ObjectId()
        staging = f"tmp_{org}_{op}"
        world.insert("organizations", {
            "_id": org, "organization_name": "Dead", "slug": "dead", "collection_name": "org_dead", "admin_id": admin,
            "state": "creating", "op": op, "op_at": LONG_AGO, "slug_op": op, "coll_uuid": None, "next": None,
            "tv": Int64(1), "ver": Int64(1)})
        world.insert("slugs", {"_id": "dead", "org": org, "op": op, "at": LONG_AGO})
        world.insert("emails", {"_id": "d@dead.example", "org": org, "op": op, "at": LONG_AGO})
        world.client.create(world.name, staging)
        world.insert("admins", {"_id": admin, "org_id": org, "email": "d@dead.example", "email_op": op,
                                "password_hash": "$2b$", "tv": Int64(1)})
        world.expect_found("organization_unfinished")
        world.expect_mended("organization_unfinished")
        equal(world.one("organizations", {"_id": org}), None)
        assert staging not in world.collections()
        world.create("Dead", "d@dead.example")


@case
def what_is_only_under_way_is_no_finding(server):
    with filled(server) as world:
        now, org, op = datetime.datetime.now(datetime.timezone.utc), ObjectId(), ObjectId()
        world.insert("organizations", {
            "_id": org, "organization_name": "Now", "slug": "now", "collection_name": "org_now", "admin_id": ObjectId(),
            "state": "creating", "op": op, "op_at": now, "slug_op": op, "coll_uuid": None, "next": None,
            "tv": Int64(1), "ver": Int64(1)})
        world.insert("slugs", {"_id": "now", "org": org, "op": op, "at": now})
        world.insert("slugs", {"_id": "soon", "org": world.org("acme")["_id"], "op": ObjectId(), "at": now})
        world.client.create(world.name, f"tmp_{org}_{op}")
        world.expect_found()
        equal(world.kinds("--repair", "-y"), [])
        assert world.one("slugs", {"_id": "soon"}) and world.one("slugs", {"_id": "now"})
        assert f"tmp_{org}_{op}" in world.collections()


@case
def an_update_that_died_is_finished(server):
    with filled(server) as world:
        org, op = world.org("acme"), ObjectId()
        world.insert("slugs", {"_id": "mint", "org": org["_id"], "op": op, "at": LONG_AGO})
        world.set("organizations", {"_id": org["_id"]}, state="updating", op=op, op_at=LONG_AGO, next={
            "organization_name": "Mint", "slug": "mint", "email": None, "password_hash": None, "was": None,
            "was_op": ObjectId(bytes(12)), "updated_at": LONG_AGO})
        world.expect_found("organization_unfinished")
        world.expect_mended("organization_unfinished")
        world.start()
        works(world, slug="mint")


@case
def a_delete_that_died_is_finished(server):
    with filled(server) as world:
        world.set("organizations", {"slug": "acme"}, state="deleting", op=ObjectId(), op_at=LONG_AGO)
        world.expect_found("organization_unfinished")
        world.expect_mended("organization_unfinished")
        assert "org_acme" not in world.collections()
        equal([one["_id"] for one in world.find("slugs")], ["zorn"])
        equal([one["email"] for one in world.find("admins")], [ZORN])


# ---- Admins ----

@case
def an_organization_takes_the_admin_that_belongs_to_it(server):
    with filled(server) as world:
        world.set("organizations", {"slug": "acme"}, admin_id=ObjectId())
        world.expect_found("admin_unlinked")
        world.expect_mended("admin_unlinked")
        works(world.start())


@case
def an_organization_without_an_admin_is_left_and_can_be_given_one(server):
    with filled(server) as world:
        world.delete("admins", {"email": ACME})
        world.expect_found("admin_missing", "claim_unowned")
        world.expect_mended("claim_unowned", left=["admin_missing"])
        world.ok("admin", "create", "acme", "--email", "new@acme.example", input="violet-anvil-72-meadow\n")
        world.expect_found()
        works(world.start(), email="new@acme.example")


@case
def of_two_admins_that_belong_to_it_none_is_chosen(server):
    with filled(server) as world:
        admin = world.admin(ACME)
        world.insert("admins", {**admin, "_id": ObjectId(), "email": "b@acme.example"})
        world.set("organizations", {"slug": "acme"}, admin_id=ObjectId())
        world.expect_found("admin_missing")
        world.expect_mended(left=["admin_missing"])
        equal(len(world.find("admins")), 3, "admins")


@case
def admins_of_no_organization_are_removed(server):
    with filled(server) as world:
        admin = world.admin(ACME)
        world.insert("admins", {**admin, "_id": ObjectId(), "org_id": ObjectId(), "email": "gone@x.example"},
                     {**admin, "_id": ObjectId(), "email": "second@x.example"})
        world.expect_found("admin_unowned", "admin_unowned")
        world.expect_mended("admin_unowned", "admin_unowned")
        works(world.start())


@case
def an_admin_that_points_elsewhere_points_home_again(server):
    with filled(server) as world:
        for org_id in (ObjectId(), world.org("zorn")["_id"], "acme"):
            world.set("admins", {"email": ACME}, org_id=org_id)
            world.expect_found("admin_elsewhere")
            world.expect_mended("admin_elsewhere")
        works(world.start())


@case
def token_versions_that_cannot_be_are_renewed(server):
    with filled(server) as world:
        for org, admin in ((0, 0), (3, 2), (2, 3), (-1, 5)):
            world.set("organizations", {"slug": "acme"}, tv=Int64(org))
            world.set("admins", {"email": ACME}, tv=Int64(admin))
            world.expect_found("version_invalid")
            world.expect_mended("version_invalid")
            assert world.org("acme")["tv"] == world.admin(ACME)["tv"] > max(org, admin, 0)
        works(world.start())


# ---- Names and emails ----

@case
def a_slug_that_is_not_the_names_becomes_it(server):
    with filled(server) as world:
        world.set("organizations", {"slug": "acme"}, organization_name="Mint")
        world.expect_found("slug_wrong")
        world.expect_mended("slug_wrong")
        works(world.start(), slug="mint")
        assert "org_acme" not in world.collections()


@case
def a_slug_that_another_organization_has_is_left(server):
    with filled(server) as world:
        world.set("organizations", {"slug": "acme"}, organization_name="zorn")
        world.expect_found("slug_wrong")
        world.expect_mended(left=["slug_wrong"])
        works(world.start())


@case
def names_and_emails_that_are_none_are_left(server):
    with filled(server) as world:
        world.set("organizations", {"slug": "acme"}, organization_name=" Acme ")
        world.set("admins", {"email": ZORN}, email="nobody")
        world.set("emails", {"_id": ZORN}, at=LONG_AGO)
        world.expect_found("name_invalid", "email_invalid", "claim_missing", "claim_unowned")
        world.expect_mended("claim_missing", "claim_unowned", left=["name_invalid", "email_invalid"])


@case
def an_email_is_normalized(server):
    with filled(server) as world:
        world.set("admins", {"email": ACME}, email="A@Acme.Example")
        kinds = ["email_wrong", "claim_missing", "claim_unowned"]
        world.expect_found(*kinds)
        world.kinds("--repair", "-y")
        world.age()
        world.expect_found()
        works(world.start())


@case
def an_organization_that_names_anothers_admin_gets_its_own_back(server):
    """and that one, who points to it, is no admin of nobody"""
    with filled(server) as world:
        own = world.org("zorn")["admin_id"]
        world.set("organizations", {"slug": "zorn"}, admin_id=world.org("acme")["admin_id"])
        world.expect_found("admin_unlinked")
        world.expect_mended("admin_unlinked")
        equal(world.org("zorn")["admin_id"], own)
        assert world.start().login(ZORN), "no login"
        works(world)


# ---- Claims ----

@case
def who_knows_of_no_operation_gets_one_with_the_claim(server):
    with filled(server) as world:
        for collection, field in (("organizations", "slug_op"), ("admins", "email_op")):
            world.client.update(world.name, collection, {}, {"$unset": {field: ""}}, many=True)
        world.expect_found(*["claim_missing"] * 4)
        world.expect_mended(*["claim_missing"] * 4)
        works(world.start())



@case
def claims_that_are_missing_or_of_an_unknown_operation_are_taken(server):
    with filled(server) as world:
        world.delete("slugs", {"_id": "acme"})
        world.delete("emails", {"_id": ACME})
        world.set("slugs", {"_id": "zorn"}, op=ObjectId())
        world.set("emails", {"_id": ZORN}, op=ObjectId())
        world.expect_found(*["claim_missing"] * 4)
        world.expect_mended(*["claim_missing"] * 4)
        for slug, email in (("acme", ACME), ("zorn", ZORN)):
            equal(world.one("slugs", {"_id": slug})["op"], world.org(slug)["slug_op"])
            equal(world.one("emails", {"_id": email})["op"], world.admin(email)["email_op"])
        equal(world.run("org", "create", "ACME", "--email", "x@x.example", input="violet-anvil-72-meadow\n").status, 1)


@case
def a_claim_that_another_organization_uses_is_not_taken(server):
    with filled(server) as world:
        world.set("organizations", {"slug": "acme"}, organization_name="Zorn", slug="zorn")
        kinds = world.kinds()
        assert ("claim_missing", "found") in kinds, kinds
        claim = world.one("slugs", {"_id": "zorn"})
        assert ("claim_missing", "left") in world.kinds("--repair", "-y")
        equal(world.one("slugs", {"_id": "zorn"}), claim)


@case
def a_claim_that_a_dead_operation_holds_is_taken_from_it(server):
    with filled(server) as world:
        world.set("slugs", {"_id": "acme"}, org=ObjectId())
        world.expect_found("claim_missing", "claim_unowned")
        world.expect_mended("claim_missing", "claim_unowned")


@case
def claims_that_nobody_uses_are_given_up(server):
    with filled(server) as world:
        acme = world.org("acme")["_id"]
        for org in (acme, ObjectId()):
            world.insert("slugs", {"_id": f"s-{org}", "org": org, "op": ObjectId(), "at": LONG_AGO})
            world.insert("emails", {"_id": f"{org}@x.example", "org": org, "op": ObjectId(), "at": LONG_AGO})
        found = world.check()
        equal([one["finding"] for one in found], ["claim_unowned"] * 4)
        assert not any("@" in one["subject"] for one in found), "an email is a subject, which is logged"
        world.expect_mended(*["claim_unowned"] * 4)
        equal(sorted(one["_id"] for one in world.find("slugs")), ["acme", "zorn"])
        equal(sorted(one["_id"] for one in world.find("emails")), sorted([ACME, ZORN]))


# ---- Collections ----

@case
def a_collection_is_brought_home_with_its_documents(server):
    with filled(server) as world:
        world.client.rename(world.name, "org_acme", "elsewhere")
        world.insert("org_acme", {"_id": "foreign"})
        world.expect_found("collection_missing", "collection_unowned")
        world.expect_mended("collection_missing", left=["collection_unowned"])
        works(world.start())
        lost, = [name for name in world.collections() if name.startswith("lost_")]
        equal(world.find(lost), [{"_id": "foreign"}], "what stood in the way")


@case
def a_collection_that_is_gone_is_made_anew(server):
    with filled(server) as world:
        world.client.drop(world.name, "org_acme")
        world.expect_found("collection_missing")
        world.expect_mended("collection_missing")
        equal(world.collections()["org_acme"], world.org("acme")["coll_uuid"])


@case
def a_collection_that_was_restored_is_taken(server):
    with filled(server) as world:
        world.client.drop(world.name, "org_acme")
        world.insert("org_acme", {"_id": 1, "of": "Acme"})
        world.expect_found("collection_missing", "collection_unowned")
        world.expect_mended("collection_missing")
        works(world.start())


@case
def collections_of_nobody_are_named_and_left(server):
    with filled(server) as world:
        foreign = ["org_foreign", f"lost_{'0' * 32}_{ObjectId()}", f"trash_{ObjectId()}_{ObjectId()}"]
        for name in foreign + ["tmp_work", "trash", "lost_and_found", f"tmp_{ObjectId()}"]:
            world.insert(name, {"_id": 1})
        before = world.everything()
        found = world.check()
        equal(sorted(one["subject"] for one in found), sorted(foreign))
        equal({one["detail"] for one in found}, {"1 documents"})
        world.expect_mended(left=["collection_unowned"] * 3)
        equal(world.everything(), before, "the database after a repair")


@case
def what_was_made_for_an_organization_and_never_used_is_removed(server):
    with filled(server) as world:
        gone, live = f"tmp_{ObjectId()}_{ObjectId()}", f"tmp_{world.org('acme')['_id']}_{ObjectId()}"
        for name in (gone, live):
            world.client.create(world.name, name)
        world.expect_found("collection_staging", "collection_staging")
        world.expect_mended("collection_staging", "collection_staging")
        assert not {gone, live} & set(world.collections())
        works(world.start())


@case
def a_collection_under_a_private_name_that_is_an_organizations_is_kept(server):
    with filled(server) as world:
        name = f"tmp_{world.org('acme')['_id']}_{ObjectId()}"
        world.client.rename(world.name, "org_acme", name)
        world.expect_found("collection_missing")
        world.expect_mended("collection_missing")
        works(world.start())


@case
def a_private_name_with_documents_in_it_is_not_removed(server):
    with filled(server) as world:
        for org in (ObjectId(), world.org("acme")["_id"]):
            world.insert(f"tmp_{org}_{ObjectId()}", {"_id": 1})
        before = world.everything()
        world.expect_found("collection_unowned", "collection_unowned")
        world.expect_mended(left=["collection_unowned"] * 2)
        equal(world.everything(), before)


@case
def what_two_organizations_record_is_moved_to_neither(server):
    """nor one of orgd's own collections, whoever records it"""
    with filled(server) as world:
        world.set("organizations", {"slug": "zorn"}, coll_uuid=world.org("acme")["coll_uuid"])
        world.expect_found("collection_missing", "collection_unowned")
        before = world.everything()
        world.expect_mended(left=["collection_missing", "collection_unowned"])
        equal(world.everything(), before)
        works(world.start())
    for name in ("organizations", "emails"):
        with filled(server) as world:
            world.set("organizations", {"slug": "zorn"}, coll_uuid=world.collections()[name])
            world.expect_found("collection_missing", "collection_unowned")
            before = world.collections()
            world.expect_mended("collection_missing")
            equal(world.collections(), before, name)
            world.set("organizations", {"slug": "zorn"}, coll_uuid=world.collections()[name])
            world.ok("org", "delete", "zorn", "-y")
            assert name in world.collections() and world.org("acme") is not None, name


# ---- Indexes and documents that cannot be ----

@case
def an_index_that_is_missing_is_made_and_one_that_is_in_the_way_is_left(server):
    with filled(server) as world:
        world.client.command(world.name, {"dropIndexes": "admins", "index": "email_1"})
        world.client.command(world.name, {"createIndexes": "organizations", "indexes": [
            {"key": {"organization_name": 1}, "name": "theirs", "unique": True}]})
        equal(sorted(one["subject"] for one in world.check()), ["admins.email", "organizations.theirs"])
        world.expect_mended("index_wrong", left=["index_wrong"])


@case
def documents_that_cannot_be_are_named_and_left(server):
    with filled(server) as world:
        world.insert("organizations", {"_id": "text", "organization_name": "Text", "slug": "text", "state": "active",
                                       "ver": Int64(1), "coll_uuid": None},
                     {"_id": ObjectId(), "state": "active", "ver": Int64(1), "coll_uuid": None})
        world.insert("admins", {"_id": 7, "email": "x@x.example", "password_hash": "x"}, {"_id": ObjectId()})
        world.insert("slugs", {"_id": 5})
        kinds = ["id_malformed"] * 2 + ["store_damaged"] * 3
        world.expect_found(*kinds)
        world.expect_mended(left=kinds)
        works(world.start())


@case
def what_cannot_be_read_is_named_and_hides_nothing_else(server):
    """whichever document of an organization is damaged, the check goes on, mends the rest, and leaves that alone"""
    for collection, filter, change in (
            ("organizations", {"slug": "acme"}, {"$unset": {"slug": ""}}),
            ("organizations", {"slug": "acme"}, {"$set": {"slug": "acme\0x"}}),
            ("organizations", {"slug": "acme"}, {"$set": {"organization_name": None}}),
            ("organizations", {"slug": "acme"}, {"$set": {"ver": "3"}}),
            ("admins", {"email": ACME}, {"$unset": {"password_hash": ""}}),
            ("admins", {"email": ACME}, {"$set": {"password_hash": 5}}),
            ("slugs", {"_id": "acme"}, {"$unset": {"op": ""}}),
            ("slugs", {"_id": "acme"}, {"$set": {"org": "acme"}}),
            ("emails", {"_id": ACME}, {"$set": {"org": None, "op": None}})):
        with filled(server) as world:
            what = f"{collection} {change}"
            equal(world.client.update(world.name, collection, filter, change), 1, what)
            world.insert("emails", {"_id": "theirs", "to": "bob"})
            zorn = world.org("zorn")["_id"]
            acme = [[one for one in world.find(name) if zorn not in (one["_id"], one.get("org_id"), one.get("org"))]
                    for name in ("organizations", "admins", "slugs", "emails")]
            kinds = world.kinds()
            assert kinds.count(("store_damaged", "found")) >= 2, f"{what}: {kinds}"
            world.delete("slugs", {"_id": "zorn"})
            done = world.kinds("--repair", "-y")
            assert ("claim_missing", "mended") in done, f"{what}: {done}"
            equal([(kind, "left") for kind, _ in kinds], [one for one in done if one[1] == "left"], what)
            equal(world.kinds(), kinds, what)
            equal([[one for one in world.find(name) if zorn not in (one["_id"], one.get("org_id"), one.get("org"))]
                   for name in ("organizations", "admins", "slugs", "emails")], acme, what)


# ---- Many, and beside others ----

@case
def more_organizations_than_a_batch_holds(server):
    with filled(server) as world:
        organizations, admins, slugs, emails = [], [], [], []
        for number in range(620):
            org, admin, op, slug, email = ObjectId(), ObjectId(), ObjectId(), f"o-{number}", f"e{number}@x.example"
            organizations.append({
                "_id": org, "organization_name": f"O {number}", "slug": slug, "collection_name": f"org_{slug}",
                "admin_id": admin, "state": "active", "op": op, "op_at": LONG_AGO, "slug_op": op, "next": None,
                "created_at": LONG_AGO, "updated_at": LONG_AGO, "tv": Int64(1), "ver": Int64(3)})
            admins.append({"_id": admin, "org_id": org, "email": email, "email_op": op, "password_hash": "x", "tv": Int64(1)})
            slugs.append({"_id": slug, "org": org, "op": op, "at": LONG_AGO})
            emails.append({"_id": email, "org": org, "op": op, "at": LONG_AGO})
            world.client.create(world.name, f"org_{slug}")
        uuids = world.collections()
        for org in organizations:
            org["coll_uuid"] = uuids[org["collection_name"]]
        for name, documents in (("organizations", organizations), ("admins", admins), ("slugs", slugs), ("emails", emails)):
            world.insert(name, *documents)
        world.expect_found()
        world.delete("slugs", {"_id": "o-7"})
        world.delete("emails", {"_id": "e510@x.example"})
        world.set("organizations", {"slug": "o-600"}, admin_id=ObjectId())
        world.client.drop(world.name, "org_o-520")
        kinds = ["claim_missing", "claim_missing", "admin_unlinked", "collection_missing"]
        world.expect_found(*kinds)
        world.expect_mended(*kinds)


@case
def beside_a_busy_service_nothing_is_found(server):
    with filled(server) as world:
        world.start()
        done, stop = [0] * 4, threading.Event()

        def work(number):
            email, name = f"w{number}@x.example", f"Work {number}"
            while not stop.is_set():
                body = {"organization_name": name, "email": email, "password": "violet-anvil-72-meadow"}
                equal(world.call("POST", "/org/create", body).status, 201)
                token = world.login(email)
                for change in ({"organization_name": f"{name} b"}, {"email": f"b{email}"}):
                    answer = world.call("PUT", "/org/update", change, token=token)
                    equal(answer.status, 200)
                token = answer.json()["access_token"]
                equal(world.call("DELETE", "/org/delete", token=token).status, 200)
                done[number] += 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(done))]
        for thread in threads:
            thread.start()
        try:
            for round in range(12):
                equal(world.kinds(*(["--repair", "-y"] if round % 2 else [])), [])
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert min(done) > 2, f"rounds of work: {done}"
        world.expect_found()


@case
def a_running_service_mends_by_itself(server):
    with filled(server) as world:
        world.insert("slugs", {"_id": "left-over", "org": ObjectId(), "op": ObjectId(), "at": LONG_AGO})
        staging = f"tmp_{ObjectId()}_{ObjectId()}"
        world.client.create(world.name, staging)
        world.insert("org_foreign", {"_id": 1})
        world.start()
        wait_until(lambda: "collection_unowned" in world.orgd.log(), 25, "a word on the foreign collection")
        equal(world.one("slugs", {"_id": "left-over"}), None)
        assert staging not in world.collections()
        equal(world.find("org_foreign"), [{"_id": 1}])


if __name__ == "__main__":
    sys.exit(run_cases("the check on MongoDB"))
