# SPDX-License-Identifier: Apache-2.0
"""The operations that are stopped at each of their steps, and what happens beside them while they are."""
import dataclasses
import os
import time

import mongo_bson as bson
from crash_world import fresh_state
from mongo_crash_world import ALONE, LEASE_MS, Call, OldServer, World
from mongo_deeds import created, removed, replaced
from mongo_wire import MongoClient
from tap import equal
from wire_faults import meanwhile
from wire_proxy import Proxy

FIELDS = {"organization_name": "name", "email": "email", "password": "password"}
UPDATE, CREATE, DELETE = ("PUT", "/org/update"), ("POST", "/org/create"), ("DELETE", "/org/delete")


# ---- Requests: (party, change, method, uri, body, token) ----

def create(world):
    return world.party(), created(world.wanted), *CREATE, world.wanted.input(), None


def update(*fields):
    def request(world):
        values = world.wanted.input()
        change = replaced(**{FIELDS[field]: getattr(world.wanted, FIELDS[field]) for field in fields})
        return world.subject, change, *UPDATE, {field: values[field] for field in fields}, world.pass_
    request.fields = fields
    return request


def delete(world):
    return world.subject, removed, *DELETE, None, world.pass_


def log_in(world):
    """Changes nothing, as far as a client can see."""
    return world.subject, None, "POST", "/admin/login", world.subject.first.credentials(), None


# ---- What an outside program may have left in the way ----

def nothing(_):
    pass


def other_case(world):
    """The name wanted is the old one, written otherwise: its slug is the same."""
    world.wanted = dataclasses.replace(world.wanted, name=world.subject.first.name.upper())


def held(kind, age_ms=0, own=True):
    """The key wanted is claimed by an operation nobody knows of; with `own` of no organization, else of `other`."""
    def prepare(world):
        key = slug_of(world.wanted) if kind == "slugs" else world.wanted.email
        org = bson.ObjectId() if own else bson.ObjectId(world.other.org_id)
        at = bson.EPOCH + (time.time() * 1000 - age_ms) // 1 * bson.MILLISECOND
        world.client.insert(world.database, kind, {"_id": key, "org": org, "op": bson.ObjectId(), "at": at})
    return prepare


def foreign_at_wanted(world):
    """A collection that an outside program made stands at the name wanted."""
    documents = [{"_id": "foreign", "of": "nobody"}]
    world.client.insert(world.database, collection_of(world.wanted), documents)
    world.foreign = {world.client.collections(world.database)[collection_of(world.wanted)]: documents}


def dropped(world):
    """The subject's collection was dropped by hand."""
    world.client.drop(world.database, collection_of(world.subject.first))
    world.documents[world.subject.org_id] = []


def restored(world):
    """The subject's collection was dropped and restored by hand: it has another UUID."""
    world.client.drop(world.database, collection_of(world.subject.first))
    world.client.insert(world.database, collection_of(world.subject.first), world.documents[world.subject.org_id])


def stray_staging(world):
    """What a create that has been undone meanwhile leaves behind."""
    world.client.create(world.database, f"tmp_{bson.ObjectId()}_{bson.ObjectId()}")


def stray_admin(world):
    """An admin of no organization."""
    admin = world.client.find_one(world.database, "admins")
    strange = {"_id": bson.ObjectId(), "org_id": bson.ObjectId(), "email": world.wanted.email}
    world.client.insert(world.database, "admins", {**admin, **strange})


def missing_claim(world):
    """The claim on the subject's name is gone."""
    world.client.delete(world.database, "slugs", {"_id": slug_of(world.subject.first)})


def wrong_version(world):
    """The subject's admin has a token version of its own."""
    world.repaired = True
    world.client.update(world.database, "admins", {"org_id": bson.ObjectId(world.subject.org_id)}, {"$inc": {"tv": 3}})


def no_admin(world):
    """The subject's admin is gone."""
    world.repaired = True
    world.client.delete(world.database, "admins", {"org_id": bson.ObjectId(world.subject.org_id)})


def of_another_program(world):
    """All is as another program of the same design would have written it; no orgd runs on it."""
    world.rival.kill()
    own = ("state", "slug", "slug_op", "op", "op_at", "coll_uuid", "next", "tv", "ver")
    for organization in world.client.find(world.database, "organizations"):
        name = organization["collection_name"].replace("-", "_")
        world.client.rename(world.database, organization["collection_name"], name)
        world.client.update(world.database, "organizations", {"_id": organization["_id"]},
                            {"$set": {"collection_name": name}, "$unset": dict.fromkeys(own, "")})
    world.client.update(world.database, "admins", {}, {"$unset": {"email_op": "", "tv": ""}}, many=True)
    for name in ("slugs", "emails"):
        world.client.drop(world.database, name)


def moved_to_sqlite(world):
    """All is in an SQLite file, and the database is empty; no orgd runs on it."""
    world.rival.kill()
    world.copy = os.path.join(world.directory, "copy.db")
    status, out = world.finish_orgctl("store", "migrate", "mongodb", "sqlite:" + world.copy)
    equal(status, 0, f"exit status of a migration: {out}")
    world.client.command(world.database, {"dropDatabase": 1})


def slug_of(state):
    return state.name.lower().replace(" ", "-")


def collection_of(state):
    return "org_" + slug_of(state)


def ask_until_stop(world, orgd, party, change, *request):
    """A request to a process that stops itself on the way."""
    deed = party.deed(change) if change is not None else None
    call = Call(orgd.socket_path, *request)
    world.wait_for_stop(orgd, call)
    return party, deed, call


# ---- Operations: how a process comes to the step at which it stops ----

@dataclasses.dataclass(frozen=True)
class Operation:
    """A request to the victim.

    steps: of MONGO_STEP_LIST, those it comes to. patient: the rival recovers nothing before the victim has
    stopped. tolerated: findings that stay; meanwhile: others that stay until the victim goes on. proxy: see World. only_alone: with no rival, and killed.
    """
    word: str
    request: object
    steps: str
    prepare: object = nothing
    patient: bool = False
    tolerated: tuple = ()
    meanwhile: tuple = ()
    proxy: object = None
    only_alone: bool = False
    victim_env: tuple = ()

    def points(self):
        return [f"{step}:{moment}" for step in self.steps.split() for moment in ("before", "after")]

    def contested(self, world):
        """What a rival wants too: the new name and the new email, as far as there are any, or else the old ones."""
        if self.request is create:
            return {"name": world.wanted.name, "email": world.wanted.email}
        fields = {FIELDS[field] for field in getattr(self.request, "fields", ())} & {"name", "email"}
        state = world.wanted if fields else world.subject.first
        return {field: getattr(state, field) for field in fields or ("name", "email")}

    def bring_to_stop(self, world, point):
        """Returns what the victim was asked, as (party, deed, call)."""
        world.start(world.victim, failpoint=point, **dict(self.victim_env))
        return self.ask_until_stop(world, self.request)

    @staticmethod
    def ask_until_stop(world, make):
        return ask_until_stop(world, world.victim, *make(world))

    def end(self, world):
        """What is to be done before the judgement."""


@dataclasses.dataclass(frozen=True)
class Recovery(Operation):
    """A request that was killed at the step `pending`, and then goes on in a process that takes it for dead."""
    pending: str = ""
    patient: bool = True

    def bring_to_stop(self, world, point):
        asked = super().bring_to_stop(world, self.pending)
        world.victim.kill()
        self.go_on(world, point)
        return asked

    def go_on(self, world, point):
        world.start(world.victim, LEASE_MS, failpoint=point)
        world.wait_for_stop(world.stopped)


@dataclasses.dataclass(frozen=True)
class Login(Recovery):
    """Likewise, but it is a login that goes on with it."""

    def go_on(self, world, point):
        world.start(world.victim, failpoint=point)
        self.ask_until_stop(world, log_in)


@dataclasses.dataclass(frozen=True)
class Start(Operation):
    """No request: the start of a process on an empty database."""
    patient: bool = True

    def bring_to_stop(self, world, point):
        world.clear()
        world.start(world.victim, failpoint=point)
        world.wait_for_stop(world.stopped)
        return None, None, None


@dataclasses.dataclass(frozen=True)
class Command(Operation):
    """orgctl; `arguments` is a function of the world. Afterwards it is run again, to its end."""
    arguments: object = None
    patient: bool = True

    def bring_to_stop(self, world, point):
        world.run_orgctl(*self.arguments(world), failpoint=point, text=world.wanted.password + "\n")
        world.wait_for_stop(world.stopped)
        return None, None, None

    def end(self, world):
        status, out = world.finish_orgctl(*self.arguments(world))
        equal(status, 1 if self.tolerated else 0, f"exit status of a command that is done again: {out}")


@dataclasses.dataclass(frozen=True)
class NewAdmin(Command):
    """The subject gets an admin with the email wanted, or with another one if that is taken."""
    meanwhile: tuple = ("admin_missing",)

    def end(self, world):
        for email in (world.wanted.email, fresh_state().email):
            world.finish_orgctl(*self.arguments(world)[:-1], email, text=world.wanted.password + "\n")
        admin = world.client.find_one(world.database, "admins", {"org_id": bson.ObjectId(world.subject.org_id)})
        world.subject.first = dataclasses.replace(world.subject.first, email=admin["email"],
                                                  password=world.wanted.password)


def repair(_):
    return "store", "check", "--repair", "--yes"


def adopt(_):
    return "store", "adopt", "--yes"


def new_admin(world):
    return "admin", "create", slug_of(world.subject.first), "--email", world.wanted.email


def migrate(world):
    return "store", "migrate", "sqlite:" + world.copy, "mongodb"


class Meddler(Proxy):
    """Somebody else writes to the organization just before it would get its new admin."""

    def __init__(self, uri):
        super().__init__(uri)
        client = MongoClient(uri)

        def raise_version():
            client.update(client.database, "organizations", {}, {"$inc": {"ver": 1}}, many=True)
            client.close()
        self.fault("update", "organizations", meanwhile(raise_version),
                   where=lambda command: "admin_id" in command.body["updates"][0]["u"].get("$set", {}))


ALL = update(*FIELDS)
RENAME = update("organization_name")
END_OF_CREATE = "recover_abandon delete_admins delete_emails delete_slugs delete_organization"
END_OF_DELETE = "delete_drop delete_admins delete_emails delete_slugs delete_organization"
END_OF_ALL = "update_admin place_move update_finish release_slug release_email"
ASIDE = ("collection_unowned",)

OPERATIONS = [
    Operation("create", create, "create_organization claim_slug claim_email create_staging create_record"
              " create_publish create_admin create_commit"),
    Operation("create_name_held", create, "claim_slug release_slug release_email create_withdraw", held("slugs")),
    Operation("create_email_held", create, "claim_email release_slug release_email create_withdraw", held("emails")),
    Operation("create_foreign", create, "create_publish place_aside place_move create_commit", foreign_at_wanted,
              tolerated=ASIDE),
    Operation("create_stray_claim", create, "claim_slug sweep_fence sweep_claim create_commit",
              held("slugs", 60000, False), patient=True),
    Operation("rename", RENAME, "claim_slug update_commit update_move update_finish release_slug"),
    Operation("rename_name_held", RENAME, "claim_slug release_slug", held("slugs")),
    Operation("rename_foreign", RENAME, "update_move place_aside place_move update_finish", foreign_at_wanted,
              tolerated=ASIDE),
    Operation("rename_dropped", RENAME, "place_staging place_adopt place_move update_commit", dropped, patient=True),
    Operation("rename_restored", RENAME, "place_adopt update_commit update_move", restored, patient=True),
    Operation("rename_old_server", RENAME, "update_commit place_move update_finish", proxy=OldServer),
    Operation("email", update("email"), "claim_email update_commit update_admin update_finish release_email"),
    Operation("password", update("password"), "update_commit update_admin update_finish"),
    Operation("display_name", RENAME, "update_name", other_case),
    Operation("all", ALL, "claim_slug claim_email update_commit update_admin place_move update_finish release_slug"
              " release_email"),
    Operation("delete", delete, "delete_commit " + END_OF_DELETE),
    Operation("delete_old_server", delete, "delete_aside delete_drop", proxy=OldServer),
    Recovery("recovery_of_create", create, END_OF_CREATE, pending="create_organization:after"),
    Recovery("recovery_of_create_unrecorded", create, "delete_staging delete_organization",
             pending="create_staging:after"),
    Recovery("recovery_of_create_recorded", create, "delete_drop delete_organization", pending="create_record:after"),
    Recovery("recovery_of_create_whole", create, "recover_abandon " + END_OF_DELETE, pending="create_admin:after"),
    Recovery("recovery_of_rename", RENAME, "place_move update_finish release_slug", pending="update_commit:after"),
    Recovery("recovery_of_email", update("email"), "update_admin update_finish release_email",
             pending="update_commit:after"),
    Recovery("recovery_of_all", ALL, END_OF_ALL, pending="update_commit:after"),
    Recovery("recovery_of_delete", delete, END_OF_DELETE, pending="delete_commit:after"),
    Login("login_in_all", ALL, END_OF_ALL, pending="update_commit:after"),
    Operation("renewed_hash", log_in, "hash_renew", victim_env=(("ORGD_BCRYPT_COST", "5"),)),
    Start("start", log_in, "schema"),
    Command("repair_of_staging", log_in, "sweep_staging", stray_staging, arguments=repair),
    Command("repair_of_admin", log_in, "sweep_admin", stray_admin, arguments=repair),
    Command("repair_of_claim", log_in, "sweep_fence repair", missing_claim, arguments=repair),
    Command("repair_of_version", log_in, "repair update_finish", wrong_version, arguments=repair),
    NewAdmin("new_admin", update("email"), "claim_email admin_insert admin_commit", no_admin, arguments=new_admin),
    NewAdmin("new_admin_withdrawn", update("email"), "admin_withdraw release_email", no_admin, arguments=new_admin,
             proxy=Meddler),
    Command("adoption", log_in, "schema claim_slug claim_email adopt_admin adopt_collection adopt_rename"
            " adopt_organization", of_another_program, arguments=adopt, only_alone=True),
    Command("migration", log_in, "documents", moved_to_sqlite, arguments=migrate, only_alone=True),
]


# ---- What happens in the rival while the victim is stopped ----

def alone(_world, _operation):
    pass


def same(world, operation):
    """The same request once more."""
    if operation.request is not log_in:
        world.ask(world.rival, *operation.request(world))


def rival_create(world, operation):
    state = dataclasses.replace(fresh_state(), **operation.contested(world))
    world.ask(world.rival, world.party(), created(state), *CREATE, state.input())


def rival_rename(world, operation):
    """Another organization takes the name and the email, or tries."""
    wanted, token = operation.contested(world), world.token(world.other)
    body = {field: wanted[FIELDS[field]] for field in FIELDS if FIELDS[field] in wanted}
    world.ask(world.rival, world.other, replaced(**wanted), *UPDATE, body, token)


def change_subject(world, state, *fields):
    """An update of the subject, if it is still there; by whoever can log in now."""
    token = world.token(world.subject)
    return token and (world.subject, replaced(**{FIELDS[field]: getattr(state, FIELDS[field]) for field in fields}),
                      *UPDATE, {field: state.input()[field] for field in fields}, token)


def there_and_back(world, _):
    """The organization is renamed to the name wanted, if that has not happened, and back."""
    for state in (world.wanted, world.subject.first):
        request = change_subject(world, state, "organization_name")
        if request:
            world.ask(world.rival, *request)


def another_change(world, _):
    """All of the organization is changed to something else."""
    request = change_subject(world, fresh_state(), *FIELDS)
    if request:
        world.ask(world.rival, *request)


def unfinished_change(world, _):
    """Likewise, but in a third process that is killed right after its commit."""
    request = change_subject(world, fresh_state(), *FIELDS)
    if request:
        world.start(world.third, failpoint="update_commit:after")
        party, deed, call = ask_until_stop(world, world.third, *request)
        world.third.kill()
        world.settle_deed(party, deed, call)


RIVALS = {"alone": alone, "same": same, "create": rival_create, "rename": rival_rename, "back": there_and_back,
          "change": another_change, "unfinished": unfinished_change}
OF_SUBJECT = ("back", "change", "unfinished")
# "late": only after another process has taken the stopped one for dead and gone on with its operation
MODES = [(rival, "early", "kill") for rival in ("alone", "same", "create", "rename")] + [
    (rival, "early", "wake") for rival in ("same", "create", "rename", "back", "change")] + [
    (rival, "late", "wake") for rival in RIVALS]


@dataclasses.dataclass(frozen=True)
class Case:
    operation: Operation
    point: str
    rival: str
    when: str
    end: str

    def __str__(self):
        return f"{self.operation.word}/{self.point}/{self.rival}-{self.when}-{self.end}"

    def run(self, uri):
        """Returns how long the recovery took."""
        operation = self.operation
        with World(uri, operation.proxy) as world:
            world.start(world.rival, None if operation.patient else LEASE_MS)
            world.populate()
            operation.prepare(world)
            if ALONE and world.rival.alive():
                world.rival.kill()
            party, deed, call = operation.bring_to_stop(world, self.point)
            if self.when == "late":
                world.recover_beside(operation.tolerated + operation.meanwhile)
            RIVALS[self.rival](world, operation)
            world.end_stopped(self.end)
            if deed is not None:
                world.settle_deed(party, deed, call)
            operation.end(world)
            world.restart_both()
            seconds = world.wait_for_recovery(operation.tolerated)
            world.judge()
            world.wait_for_recovery(operation.tolerated)
            world.judge_check(operation.tolerated)
            return seconds


def cases(operation):
    """All of one operation."""
    modes = [mode for mode in MODES if not (mode[0] in OF_SUBJECT and operation.request is create)]
    if operation.only_alone or ALONE:
        modes = [("alone", "early", "kill")]
    return [Case(operation, point, *mode) for point in operation.points() for mode in modes]
