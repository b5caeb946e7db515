# SPDX-License-Identifier: Apache-2.0
"""Two processes at once: in the middle of an operation, at each of its commands, another one does something.

The proxy holds a command back until the rival's request has been answered, so each interleaving is had for
certain. Then it passes the command on, or loses it, or its answer. What the two answered must be explained by
one of the two having come first.
"""
import collections
import contextlib
import dataclasses
import datetime
import random

import fastcgi
from crash_world import Tenant, fresh_state
from mongo_bson import ObjectId
from mongo_operations import OPERATIONS, SEED, Faults, Mine, Operation, Request, good_run, prepare, request_for
from mongo_world import LONG, Bench, Database
from tap import case, equal, together, wait_until
from wire_faults import cut_before, error_before, lose_answer, meanwhile, pass_on

LOSES_TOKEN = {"email", "password"}


THEN = (pass_on, lose_answer, cut_before)  # the last two: the operation may be unsure


def done(answer):
    """Whether it happened; None: that is not known."""
    return None if answer.status == 503 else answer.status < 300


def newcomer(**fields):
    """A creation by somebody else, with one field that the operation wants too."""
    tenant = Tenant()
    tenant.state = dataclasses.replace(fresh_state(), **fields)
    return tenant, Request(tenant.state, "POST", "/org/create", tenant.state.input())


@dataclasses.dataclass
class Rivalry:
    """rival: an Operation on the same organization, or the field that a new organization has in common with it."""
    operation: Operation
    step: int
    command: str
    rival: object
    then: object
    outcome: tuple = None
    tenants: frozenset = frozenset()

    def __str__(self):
        rival = getattr(self.rival, "name", f"create with the same {self.rival}")
        where = f"before command {self.step + 1} ({self.command}), {self.then.__name__}"
        return f"{self.operation.name}, and {rival} {where}: {self.outcome}"

    def run(self, bench, other, database):
        bench.wait_ready()
        tenant, request = prepare(self.operation, bench.path)
        if isinstance(self.rival, Operation):
            rival, change = tenant, request_for(self.rival, tenant, request.token)
        else:
            rival, change = newcomer(**{self.rival: getattr(request.new, self.rival)})
        answers = []
        hold = meanwhile(lambda: answers.append(change.send(other.path)), self.then)
        with bench.proxy.faulty(kind=hold, skip=self.step, where=Mine(database, tenant, request)):
            answer = request.send(bench.path)
            wait_until(lambda: answers, what="the rival's answer")  # a driver may have given the command up before
        answers.insert(0, answer)
        self.outcome = tuple(one.status for one in answers)
        equal({*self.outcome} - {200, 201, 401, 409, 503}, set(), f"statuses of {answers}")
        if rival is tenant:
            self.one_after_the_other(tenant, [request, change], answers)
        else:
            self.one_of_them((tenant, request), (rival, change), answers)
        self.tenants = {tenant, rival}

    def conclude(self, bench):
        for tenant in self.tenants:
            tenant.settle(bench.path, again=False)

    def one_after_the_other(self, tenant, requests, answers):
        """Both on one organization: what happened is what one order of the two gives."""
        equal([done(answer) for answer in answers] != [False, False], True, f"whether one was done: {answers}")
        old, = tenant.possible
        pairs = [*zip(requests, answers)]
        finals = {state for order in (pairs, pairs[::-1]) for state in self.finals(old, order)}
        equal(finals != set(), True, f"whether an order explains {answers}")
        tenant.possible = list(finals)
        tenant.gone |= {old} - finals

    def finals(self, state, pairs, right=True):
        """What the state may be after these in their order; right: whether their token is still good."""
        if not pairs:
            return {state}
        (request, answer), *rest = pairs
        found = set()
        if done(answer) is not True:
            found |= self.finals(state, rest, right)
        if self.both_delete() and done(answer) and state is None:
            found |= self.finals(None, rest, False)
        if done(answer) is not False and right:
            changes = {"name" if name == "organization_name" else name: value for name, value in request.body.items()}
            deleted = request.method == "DELETE"
            after = None if deleted else dataclasses.replace(state, **changes)
            found |= self.finals(after, rest, not deleted and not LOSES_TOKEN & set(changes))
        return found

    def both_delete(self):
        """Who deletes, does not hear what became of it, and finds nothing there, may say that it is deleted."""
        return self.then is not pass_on and self.rival is self.operation and self.operation.name == "delete"

    def one_of_them(self, ours, theirs, answers):
        """Two want one name or email: one gets it."""
        outcomes = [done(answer) for answer in answers]
        equal(outcomes.count(True) == 1 or (None in outcomes and True not in outcomes), True,
              f"whether one was done: {answers}")
        codes = {"organization_busy", "organization_exists" if self.rival == "name" else "email_taken"}
        for (tenant, request), happened, answer in zip((ours, theirs), outcomes, answers):
            old, = tenant.possible
            may_have = happened is None and True not in outcomes
            tenant.possible = [old, request.new] if may_have else [request.new if happened else old]
            if happened is False:
                equal(answer.json().get("code") in codes, True, f"whether {answer} is right")


def rivals(operation):
    shared = [field for field, name in (("name", "organization_name"), ("email", "email"))
              if operation.name == "create" or name in operation.fields]
    return shared + ([] if operation.name == "create" else list(OPERATIONS[1:]))


@case
def rivals_in_between(setup):
    """at each command of each operation another process does something: one order explains both, one winner each"""
    benches, faults = setup.benches, Faults()
    rivalries = [Rivalry(operation, step, command, rival, then) for operation in OPERATIONS
                 for step, command in enumerate(good_run(benches[0], setup.database, operation))
                 for rival in rivals(operation) for then in THEN]
    if not LONG:
        rivalries = random.Random(SEED).sample(rivalries, len(rivalries) // 12)

    def work(share, bench, other):
        for one in share:
            faults.gather(one, one.run, bench, other, setup.database)

    pairs = [*zip(benches[::2], benches[1::2])]
    together([lambda share=rivalries[i::len(pairs)], pair=pair: work(share, *pair) for i, pair in enumerate(pairs)])
    faults.lines += setup.recovery()[1]
    for one in rivalries:
        if one.tenants:
            faults.gather(one, one.conclude, benches[0])
    outcomes = collections.Counter(one.outcome for one in rivalries)
    needless = sum(503 in (one.outcome or ()) for one in rivalries if one.then is pass_on)
    print(f"# {len(rivalries)} interleavings: " + ", ".join(f"{n} x {pair}" for pair, n in outcomes.items()))
    faults.check()
    equal(needless <= len(rivalries) // 50, True, f"whether {needless} answers 503 without a fault are few")


@case
def commit_found_late(setup):
    """an update whose commit is carried out late, is finished by others and followed by another: unknown, not refused"""
    bench, other = setup.benches[0], setup.benches[2]
    password, = [one for one in OPERATIONS if one.name == "password"]
    tenant, request = prepare(password, bench.path)
    mine, held = Mine(setup.database, tenant, request), []

    def hold(link, command):
        held.append({name: value for name, value in command.body.items() if name in ("update", "updates")})
        error_before(117)(link, command)

    def go_on():
        setup.database.client.command(setup.database.name, held[0])
        login = fastcgi.call(other.path, "POST", "/admin/login", request.new.credentials())
        rename = {"organization_name": tenant.state.name + "!"}
        answer = fastcgi.call(other.path, "PUT", "/org/update", rename, token=login.json()["access_token"])
        equal(answer.status, 200, "the other update")
    for kind in (hold, meanwhile(go_on)):
        bench.proxy.fault("update", "organizations", kind, where=mine)
    answer = request.send(bench.path)
    bench.proxy.clear()
    equal((answer.status, answer.json()["code"]), (503, "store_unavailable"), "the answer")


@case
def withdrawn_by_another(setup):
    """a create that meets the limit is not begun again with ids whose first document a recovery has taken"""
    with contextlib.closing(Database(setup.server)) as database, \
            Bench(database, env={"ORGD_MAX_ORGANIZATIONS": "1"}) as bench:
        now = datetime.datetime.now(datetime.timezone.utc)
        database.insert("organizations", {"_id": ObjectId(), "organization_name": "Other", "slug": "other",
                                          "state": "creating", "op_at": now})
        recovery = meanwhile(lambda: database.client.delete(database.name, "organizations"))
        bench.proxy.fault("delete", "organizations", recovery)
        tenant = Tenant()
        answer = fastcgi.call(bench.path, "POST", "/org/create", tenant.state.input())
        equal((answer.status, answer.json()["code"]), (409, "organization_busy"), "the answer")
        equal(database.find("organizations"), [], "organizations")
        equal(tenant.create(bench.path).status, 201)
