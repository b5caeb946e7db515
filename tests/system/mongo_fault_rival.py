# SPDX-License-Identifier: Apache-2.0
"""Two processes at once: in the middle of an operation, at each of its commands, another one does something.

The proxy holds a command back until the rival's request has been answered, so each interleaving is had for
certain. What the two answered must be explained by one of the two having come first.
"""
import collections
import dataclasses
import random

from crash_world import Tenant, fresh_state
from mongo_operations import OPERATIONS, SEED, Faults, Mine, Operation, Request, good_run, prepare, request_for
from mongo_world import LONG
from tap import case, equal, together
from wire_faults import meanwhile

LOSES_TOKEN = {"email", "password"}


def done(answer):
    return answer.status < 300


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
    outcome: tuple = None

    def __str__(self):
        rival = getattr(self.rival, "name", f"create with the same {self.rival}")
        return f"{self.operation.name}, and {rival} before command {self.step + 1} ({self.command})"

    def run(self, bench, other, database):
        tenant, request = prepare(self.operation, bench.path)
        if isinstance(self.rival, Operation):
            rival, change = tenant, request_for(self.rival, tenant, request.token)
        else:
            rival, change = newcomer(**{self.rival: getattr(request.new, self.rival)})
        answers = []
        hold = meanwhile(lambda: answers.append(change.send(other.path)))
        with bench.proxy.faulty(kind=hold, skip=self.step, where=Mine(database, tenant, request)):
            answer = request.send(bench.path)
        equal(len(answers), 1, "how many rivals came")
        answers.insert(0, answer)
        self.outcome = tuple(one.status for one in answers)
        equal([one.status for one in answers if one.status not in (200, 201, 401, 409)], [], f"of {answers}")
        if rival is tenant:
            self.one_after_the_other(tenant, [request, change], answers)
        else:
            self.one_of_them((tenant, request), (rival, change), answers)
        for one in {tenant, rival}:
            one.settle(other.path, again=False)

    def one_after_the_other(self, tenant, requests, answers):
        """Both on one organization: what happened is what one order of the two gives."""
        equal(any(done(answer) for answer in answers), True, f"whether one was done: {answers}")
        old = tenant.state
        finals = {self.final(old, [pair for pair in order if done(pair[1])])
                  for order in ([*zip(requests, answers)], [*zip(requests, answers)][::-1])} - {"impossible"}
        equal(finals != set(), True, f"whether an order explains {answers}")
        tenant.possible = list(finals)
        tenant.gone |= {old} - finals

    def final(self, state, pairs):
        """The state after these were done, or "impossible" if the first leaves the second no right to happen."""
        right = True
        for request, _ in pairs:
            if not right:
                return "impossible"
            changes = {"name" if name == "organization_name" else name: value for name, value in request.body.items()}
            right = request.method != "DELETE" and not LOSES_TOKEN & set(changes)
            state = None if request.method == "DELETE" else dataclasses.replace(state, **changes)
        return state

    def one_of_them(self, ours, theirs, answers):
        """Two want one name or email: one gets it."""
        equal(sum(done(answer) for answer in answers), 1, f"how many were done: {answers}")
        for (tenant, request), answer in zip((ours, theirs), answers):
            old, = tenant.possible
            tenant.possible = [request.new if done(answer) else old]
            if not done(answer):
                codes = {"organization_busy", "organization_exists" if self.rival == "name" else "email_taken"}
                equal(answer.json().get("code") in codes, True, f"whether {answer} is right")


def rivals(operation):
    shared = [field for field, name in (("name", "organization_name"), ("email", "email"))
              if operation.name == "create" or name in operation.fields]
    return shared + ([] if operation.name == "create" else list(OPERATIONS[1:]))


@case
def rivals_in_between(setup):
    """at each command of each operation another process does something: one order explains both, one winner each"""
    benches, faults = setup.benches, Faults()
    rivalries = [Rivalry(operation, step, command, rival) for operation in OPERATIONS
                 for step, command in enumerate(good_run(benches[0], setup.database, operation))
                 for rival in rivals(operation)]
    if not LONG:
        rivalries = random.Random(SEED).sample(rivalries, len(rivalries) // 3)

    def work(share, bench, other):
        for one in share:
            faults.gather(one, one.run, bench, other, setup.database)

    pairs = [*zip(benches[::2], benches[1::2])]
    together([lambda share=rivalries[i::len(pairs)], pair=pair: work(share, *pair) for i, pair in enumerate(pairs)])
    faults.lines += setup.recovery()[1]
    outcomes = collections.Counter(one.outcome for one in rivalries)
    print(f"# {len(rivalries)} interleavings: " + ", ".join(f"{n} x {pair}" for pair, n in outcomes.items()))
    faults.check()
