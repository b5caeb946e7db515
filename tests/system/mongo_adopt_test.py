# SPDX-License-Identifier: Apache-2.0
"""orgctl store adopt on MongoDB: a database as such programs fill it is taken over, wholly, and again after a death."""
import datetime
import signal
import subprocess
import sys
import time

from mongo_bson import Int64, ObjectId, Timestamp
from mongo_server import run_cases
from mongo_support import Database
from orgctl_support import ORGCTL, PASSWORD
from tap import case, equal

CREATED = datetime.datetime(2024, 3, 5, 10, 20, 30, tzinfo=datetime.timezone.utc)
CONFLICTS = {"id_conflict", "name_conflict", "slug_conflict", "time_unusable", "email_conflict", "email_unusable",
             "hash_unusable", "admin_absent", "admins_several", "admin_homeless", "collection_absent",
             "collection_shared", "collection_occupied", "collection_foreign"}


class Foreign(Database):
    """Filled as a program on Flask and PyMongo would: three organizations, each in another way."""

    def __init__(self, server):
        super().__init__(server, "orgd_adopt")
        self.hash = self.make_hash()
        self.ids = {name: (ObjectId(), ObjectId()) for name in ("acme", "zorn", "cafe")}
        (acme, acme_admin), (zorn, zorn_admin), (cafe, cafe_admin) = self.ids.values()
        self.insert(
            "organizations",
            {"_id": acme, "organization_name": "Acme Corp", "collection_name": "org_acme_corp", "admin_id": acme_admin,
             "created_at": CREATED, "plan": "gold"},
            {"_id": zorn, "name": "Zorn", "slug": "zorn", "collection_name": "org_zorn", "admin_id": str(zorn_admin),
             "created_at": "2024-03-05T10:20:30.250000+02:00"},
            {"_id": cafe, "organization_name": "  Café   Zürich", "slug": "café-zürich", "collection_name": "tenant_3",
             "admin_id": cafe_admin})
        self.insert(
            "admins",
            {"_id": acme_admin, "email": " Admin@Acme.example", "password": self.hash.encode(), "org_id": acme},
            {"_id": zorn_admin, "email": "z@zorn.example", "password_hash": self.hash, "organization_id": str(zorn)},
            {"_id": cafe_admin, "email": "c@cafe.example", "password": self.hash})
        for collection in ("org_acme_corp", "org_zorn", "tenant_3"):
            self.insert(collection, *({"_id": number, "of": collection} for number in range(5)))
        self.client.command(self.name, {"createIndexes": "admins", "indexes": [
            {"key": {"email": 1}, "name": "email_1", "unique": True}]})
        self.client.command(self.name, {"createIndexes": "organizations", "indexes": [
            {"key": {"organization_name": 1}, "name": "theirs", "unique": True, "sparse": True}]})

    def make_hash(self):
        self.create("Hash", "h@hash.example")
        found, = self.find("admins")
        self.client.command(self.name, {"dropDatabase": 1})
        return found["password_hash"]

    def dry_run(self):
        """What would be done: a list of (word, subject, detail)."""
        result = self.run("store", "adopt", "--dry-run", "--json")
        answer = result.json
        equal(result.status, 1 if answer["conflicts"] else 0, f"exit status: {result}")
        equal(answer["conflicts"], sum(one["conflict"] for one in answer["adoptions"]))
        assert all(one["conflict"] == (one["adoption"] in CONFLICTS) for one in answer["adoptions"]), answer
        return [(one["adoption"], one["subject"], one["detail"]) for one in answer["adoptions"]]

    def conflicts(self):
        return sorted((word, subject) for word, subject, _ in self.dry_run() if word in CONFLICTS)

    def adopt(self):
        return self.ok("store", "adopt", "-y", "--json").json

    def expect_whole(self):
        """All three are orgd's own, with their ids, documents and passwords."""
        equal(self.run("store", "adopt").out, "nothing to adopt\n")
        equal(self.kinds(), [])
        for slug, was, email in (("acme-corp", "org_acme_corp", "admin@acme.example"),
                                 ("zorn", "org_zorn", "z@zorn.example"), ("cafe-zurich", "tenant_3", "c@cafe.example")):
            org, admin = self.ids[slug.partition("-")[0]]
            shown = self.ok("org", "show", slug, "--json").json
            equal((shown["org_id"], shown["admin_id"]), (str(org), str(admin)), "ids")
            equal(self.find(f"org_{slug}"), [{"_id": number, "of": was} for number in range(5)], "documents")
            equal(self.admin(email)["org_id"], org)
            assert "password" not in self.admin(email), "a second hash"


@case
def what_would_be_done_is_told_and_nothing_changed(server):
    with Foreign(server) as world:
        (acme, acme_admin), (zorn, zorn_admin), (cafe, cafe_admin) = [(str(a), str(b)) for a, b in world.ids.values()]
        before, uuids = world.everything(), world.collections()
        told = world.dry_run()
        assumed, = [detail for word, _, detail in told if word == "time_assumed"]
        assert abs(datetime.datetime.fromisoformat(assumed) - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(
            days=40000), assumed
        wanted = [
            ("organization_adopted", acme, "Acme Corp"), ("slug_derived", acme, "none to acme-corp"),
            ("collection_renamed", acme, "org_acme_corp to org_acme-corp"),
            ("collection_recorded", acme, uuids["org_acme_corp"].hex), ("claims_added", acme, "acme-corp"),
            ("organization_adopted", zorn, "Zorn"), ("collection_recorded", zorn, uuids["org_zorn"].hex),
            ("claims_added", zorn, "zorn"),
            ("organization_adopted", cafe, "  Café   Zürich"), ("name_normalized", cafe, "Café Zürich"),
            ("slug_derived", cafe, "café-zürich to cafe-zurich"), ("time_assumed", cafe, assumed),
            ("collection_renamed", cafe, "tenant_3 to org_cafe-zurich"),
            ("collection_recorded", cafe, uuids["tenant_3"].hex), ("claims_added", cafe, "cafe-zurich"),
            ("admin_adopted", acme_admin, " Admin@Acme.example"), ("email_normalized", acme_admin, "admin@acme.example"),
            ("hash_adopted", acme_admin, " Admin@Acme.example"), ("admin_adopted", zorn_admin, "z@zorn.example"),
            ("admin_adopted", cafe_admin, "c@cafe.example"), ("hash_adopted", cafe_admin, "c@cafe.example"),
            ("index_dropped", "admins.email_1", "it refuses, omits or removes documents"),
            ("index_dropped", "organizations.theirs", "it refuses, omits or removes documents")]
        equal(sorted(told), sorted(wanted))
        equal(world.everything(), before, "the database after a dry run")


@case
def before_it_nothing_else_works_on_such_a_database(server):
    with Foreign(server) as world:
        before = world.everything()
        for command in (["org", "list"], ["store", "check", "--repair", "-y"], ["store", "info"]):
            result = world.run(*command)
            assert result.status != 0 and "orgctl store adopt" in result.err, result
        try:
            world.start()
            raise AssertionError("orgd starts")
        except RuntimeError as fault:
            assert "orgctl store adopt" in str(fault), fault
        equal(world.everything(), before)


@case
def everything_is_taken_over(server):
    with Foreign(server) as world:
        assert world.adopt()["adopted"]
        world.expect_whole()
        acme, zorn = world.org("acme-corp"), world.org("zorn")
        equal((acme["plan"], acme["created_at"]), ("gold", CREATED), "what was there")
        equal(zorn["created_at"], datetime.datetime(2024, 3, 5, 8, 20, 30, 250000, tzinfo=datetime.timezone.utc))
        assert "name" not in zorn and zorn["organization_name"] == "Zorn", zorn
        world.start()
        for email in ("admin@acme.example", "z@zorn.example", "c@cafe.example"):
            assert world.login(email, PASSWORD), email
        equal(world.call("GET", "/org/get?organization_name=caf%C3%A9%20z%C3%BCrich").json()["slug"], "cafe-zurich")


@case
def after_a_death_it_is_done_again(server):
    with Foreign(server) as world:
        organizations, admins = [], []
        for number in range(60):
            org, admin = ObjectId(), ObjectId()
            organizations.append({"_id": org, "name": f"Many {number}", "collection_name": f"many_{number}", "admin_id": admin,
                                  "created_at": CREATED, "state": "active"})
            admins.append({"_id": admin, "email": f"M{number}@x.example", "password": world.hash.encode(), "org_id": str(org)})
            world.insert(f"many_{number}", {"_id": 1, "n": number})
        world.insert("organizations", *organizations)
        world.insert("admins", *admins)
        deaths, states = 0, set()
        for number in range(200):
            running = subprocess.Popen([ORGCTL, "store", "adopt", "-y"], env=world.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.01 + number * 0.005)
            running.send_signal(signal.SIGKILL)
            status = running.wait()
            states.add(len(world.find("organizations", {"ver": 1})))
            if status == 0:
                break
            deaths += status == -signal.SIGKILL
            whole = all("ver" in one for one in world.find("organizations"))
            equal(world.run("org", "list").status, 0 if whole else 1, "whether it is refused until all are adopted")
        assert deaths > 2 and len(states) > 2, f"{deaths} deaths at {states}"
        world.expect_whole()
        equal([world.find(f"org_many-{number}") for number in range(60)], [[{"_id": 1, "n": number}] for number in range(60)])
        equal([org["_id"] for org in organizations], [world.org(f"many-{number}")["_id"] for number in range(60)])


@case
def a_death_between_any_two_steps_is_gone_on_with(server):
    """what each step leaves is what the next run begins with"""
    with Foreign(server) as world:
        (acme, admin), op = world.ids["acme"], ObjectId()
        now = datetime.datetime.now(datetime.timezone.utc)
        steps = [
            lambda: world.insert("slugs", {"_id": "acme-corp", "org": acme, "op": op, "at": now}),
            lambda: world.insert("emails", {"_id": "admin@acme.example", "org": acme, "op": op, "at": now}),
            lambda: world.client.update(world.name, "admins", {"_id": admin}, {
                "$set": {"org_id": acme, "email": "admin@acme.example", "email_op": op, "password_hash": world.hash,
                         "tv": Int64(1)}, "$unset": {"password": ""}}),
            lambda: world.client.update(world.name, "organizations", {"_id": acme}, {
                "$set": {"coll_uuid": world.collections()["org_acme_corp"]}, "$unset": {"state": ""}}),
            lambda: world.client.rename(world.name, "org_acme_corp", "org_acme-corp")]
        for step in steps:
            step()
            equal(world.conflicts(), [], f"conflicts after step {steps.index(step) + 1}")
        world.adopt()
        world.expect_whole()
        equal((world.org("acme-corp")["slug_op"], world.admin("admin@acme.example")["email_op"]), (op, op))


def faults(world):
    """(what is done to it, the conflicts that are told then)."""
    (acme, acme_admin), (zorn, zorn_admin), (cafe, cafe_admin) = world.ids.values()

    def change(collection, id, change):
        return lambda: equal(world.client.update(world.name, collection, {"_id": id}, change), 1)

    def put(collection, document):
        return lambda: world.insert(collection, document)
    third = ObjectId()
    return [
        (change("organizations", zorn, {"$set": {"name": "ACME corp!"}}), {("slug_conflict", acme), ("slug_conflict", zorn)}),
        (change("organizations", zorn, {"$unset": {"name": ""}}), {("name_conflict", zorn)}),
        (change("organizations", zorn, {"$set": {"name": "x" * 101}}), {("name_conflict", zorn)}),
        (change("admins", zorn_admin, {"$set": {"email": "ADMIN@acme.example"}}),
         {("email_conflict", acme_admin), ("email_conflict", zorn_admin)}),
        (change("admins", zorn_admin, {"$set": {"email": "nobody"}}), {("email_unusable", zorn_admin)}),
        (change("admins", zorn_admin, {"$unset": {"email": ""}}), {("email_unusable", zorn_admin)}),
        (change("admins", zorn_admin, {"$set": {"password_hash": "pbkdf2:sha256:260000$x$y"}}), {("hash_unusable", zorn_admin)}),
        (lambda: world.delete("admins", {"_id": zorn_admin}), {("admin_absent", zorn)}),
        (put("admins", {"_id": third, "email": "b@x.example", "password": world.hash, "org_id": zorn}), {("admins_several", zorn)}),
        (put("admins", {"_id": third, "email": "b@x.example", "password": world.hash}), {("admin_homeless", third)}),
        (put("admins", {"_id": third, "email": "b@x.example", "password": world.hash, "org_id": ObjectId()}),
         {("admin_homeless", third)}),
        (lambda: world.client.drop(world.name, "tenant_3"), {("collection_absent", cafe)}),
        (change("organizations", cafe, {"$set": {"collection_name": "org_zorn"}}),
         {("collection_shared", zorn), ("collection_shared", cafe)}),
        (put("org_acme-corp", {"_id": 1}), {("collection_occupied", acme)}),
        (change("organizations", cafe, {"$set": {"created_at": "yesterday"}}), {("time_unusable", cafe)}),
        (change("organizations", zorn, {"$set": {"created_at": "2024-02-31T10:00:00Z"}}), {("time_unusable", zorn)}),
        (change("organizations", zorn, {"$set": {"admin_id": acme_admin}}), {("admins_several", zorn)}),
        (change("admins", zorn_admin, {"$set": {"password_hash": world.hash.replace("$04$", "$32$")}}),
         {("hash_unusable", zorn_admin)}),
        (change("organizations", cafe, {"$set": {"collection_name": "admins"}}), {("collection_absent", cafe)}),
        (put("emails", {"_id": ObjectId(), "to": "bob", "subject": "news"}), {("collection_foreign", "emails")}),
        (put("slugs", {"_id": "acme-corp", "target": "/"}), {("collection_foreign", "slugs")}),
        (put("organizations", {"_id": "text", "name": "Text"}),
         {("id_conflict", "text"), ("admin_absent", "text"), ("collection_absent", "text")}),
    ]


@case
def conflicts_are_all_told_and_nothing_is_changed(server):
    with Foreign(server) as probe:
        count = len(faults(probe))
    for number in range(count):
        with Foreign(server) as world:
            break_it, wanted = faults(world)[number]
            break_it()
            before = world.everything()
            equal(set(world.conflicts()), {(word, str(subject)) for word, subject in wanted}, f"fault {number}")
            result = world.run("store", "adopt", "-y")
            assert result.status == 1 and "nothing was changed" in result.out, result
            equal(world.everything(), before, f"the database after fault {number}")


@case
def orgds_own_organizations_are_respected(server):
    with Foreign(server) as world:
        world.adopt()
        mine = world.create("Mine", "m@mine.example")
        org, admin = ObjectId(), ObjectId()
        world.insert("organizations", {"_id": org, "name": "mine", "collection_name": "org_mine", "admin_id": admin})
        world.insert("admins", {"_id": admin, "email": "M@mine.example", "password": world.hash, "org_id": org})
        before = world.everything()
        equal(world.conflicts(), sorted([("slug_conflict", str(org)), ("email_conflict", str(admin)),
                                         ("collection_shared", str(org))]))
        equal(world.everything(), before)
        world.insert("theirs", {"_id": 1})
        world.set("organizations", {"_id": org}, name="Theirs", collection_name="theirs")
        world.set("admins", {"_id": admin}, email="t@theirs.example")
        world.adopt()
        world.expect_whole()
        equal(str(world.org("mine")["_id"]), mine["org_id"])
        equal(world.find("org_theirs"), [{"_id": 1}])


@case
def a_field_of_the_same_name_does_not_make_it_orgds_own(server):
    with Foreign(server) as world:
        world.set("organizations", {"_id": world.ids["acme"][0]}, state="California")
        world.set("organizations", {"_id": world.ids["zorn"][0]}, state="Ohio")
        world.set("organizations", {"_id": world.ids["cafe"][0]}, state="active")
        assert "orgctl store adopt" in world.run("org", "list").err
        world.adopt()
        world.expect_whole()


@case
def a_state_alone_does_not_make_a_database_orgds_own(server):
    with Foreign(server) as world:
        for org, _ in world.ids.values():
            world.set("organizations", {"_id": org}, state="active")
        before = world.everything()
        for command in (["store", "check", "--repair", "-y"], ["org", "list"]):
            result = world.run(*command)
            assert result.status == 1 and "orgctl store adopt" in result.err, result
        equal(world.everything(), before)
        world.adopt()
        world.expect_whole()


@case
def a_time_is_read_in_many_forms(server):
    """whatever a program writes a time as, it is kept; what another field of a name holds is kept too"""
    wanted = datetime.datetime(2020, 9, 13, 12, 26, 40, tzinfo=datetime.timezone.utc)
    for value in (wanted, 1600000000, 1600000000.0, Int64(1600000000), Int64(1600000000000), 1600000000000.0,
                  Timestamp(1600000000 << 32 | 1), "2020-09-13T12:26:40Z", "2020-09-13T17:56:40+0530",
                  "2020-09-13 11:56:40 -00:30", "2020-09-13T17:26:40+05", "2020-09-13T12:26:40.000000",
                  "2020-09-13 12:26:40 UTC", "Sun, 13 Sep 2020 12:26:40 GMT",
                  "Sun Sep 13 2020 14:26:40 GMT+0200 (Central European Summer Time)"):
        with Foreign(server) as world:
            world.set("organizations", {"_id": world.ids["acme"][0]}, created_at=value, name="Their word")
            equal([word for word, subject, _ in world.dry_run() if word == "time_assumed"], ["time_assumed"], f"{value!r}")
            world.adopt()
            org = world.org("acme-corp")
            equal((org["created_at"], org["name"]), (wanted, "Their word"), f"{value!r}")
    for value, wanted in (("2020-09-13", wanted.replace(hour=0, minute=0, second=0)),
                          ("2020-09-13T12:26", wanted.replace(second=0)),
                          (1600000000.25, wanted.replace(microsecond=250000)),
                          ("2020-09-13T12:26:40.999Z", wanted.replace(microsecond=999000))):
        with Foreign(server) as world:
            world.set("organizations", {"_id": world.ids["acme"][0]}, created_at=value)
            world.adopt()
            equal(world.org("acme-corp")["created_at"], wanted, f"{value!r}")


@case
def an_index_that_serves_is_not_made_again(server):
    """MongoDB refuses a second index on the same key under another name, and would refuse the start"""
    with Database(server) as world:
        world.client.command(world.name, {"createIndexes": "admins", "indexes": [{"key": {"org_id": 1}, "name": "theirs"}]})
        world.start()
        listed = world.client.command(world.name, {"listIndexes": "admins"})["cursor"]["firstBatch"]
        equal(sorted(one["name"] for one in listed), ["_id_", "email_1", "theirs"])
        equal(world.kinds(), [])


@case
def an_empty_database_has_nothing_to_adopt(server):
    with Database(server) as world:
        equal(world.ok("store", "adopt").out, "nothing to adopt\n")
        equal(world.ok("store", "adopt", "-y", "--json").json["found"], 0)
        equal(world.collections(), {})


if __name__ == "__main__":
    sys.exit(run_cases("adoption"))
