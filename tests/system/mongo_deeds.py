# SPDX-License-Identifier: Apache-2.0
"""What may have become of organizations when requests on them ran beside each other and some were cut off.

A deed is one request to change an organization; a party is one organization with all deeds on it. What may be
true of a party in the end is what any order of its deeds gives that agrees with the clock and the answers.
"""
import dataclasses
import itertools
import math
import time

IMPOSSIBLE = object()
REFUSALS = (401, 403, 404, 409)


def created(state):
    return lambda before: state if before is None else IMPOSSIBLE


def replaced(**values):
    return lambda before: IMPOSSIBLE if before is None else dataclasses.replace(before, **values)


def removed(before):
    return IMPOSSIBLE if before is None else None


class Deed:
    """done: True, False, or None as long as nobody knows; until then it may still come to be."""

    def __init__(self, change):
        self.change, self.begun, self.ended, self.done = change, time.monotonic(), math.inf, None

    def take(self, answer):
        """What an answer tells; None: it was cut off."""
        if answer is None or answer.status == 503:
            return
        if answer.status not in (200, 201, *REFUSALS):
            raise AssertionError(f"no answer to a change: {answer}")
        self.ended, self.done = time.monotonic(), answer.status in (200, 201)


class Party:
    """An organization: what it was before all deeds (None: absent), and what was done to it."""

    def __init__(self, first=None, org_id=None):
        self.first, self.org_id, self.deeds = first, org_id, []

    def deed(self, change):
        deed = Deed(change)
        self.deeds.append(deed)
        return deed

    def possible(self):
        """All states that may be true now."""
        sure = [deed for deed in self.deeds if deed.done]
        unsure = [deed for deed in self.deeds if deed.done is None]
        states = {outcome(self.first, order)
                  for count in range(len(unsure) + 1) for some in itertools.combinations(unsure, count)
                  for order in itertools.permutations([*sure, *some]) if agrees_with_clock(order)}
        return states - {IMPOSSIBLE}


def outcome(state, order):
    for deed in order:
        state = deed.change(state)
        if state is IMPOSSIBLE:
            break
    return state


def agrees_with_clock(order):
    return all(second.ended >= first.begun for first, second in itertools.combinations(order, 2))


def explain(parties, actual):
    """Which of the parties is which organization: {party: (org_id, state)} of those that exist, None if none fits.

    actual: {org_id: state} of all organizations that there are.
    """
    known = {party.org_id: party for party in parties if party.org_id is not None}
    nameless = [party for party in parties if party.org_id is None]
    strangers = [org_id for org_id in actual if org_id not in known]
    for order in itertools.permutations(nameless, len(strangers)):
        who = {**{party: org_id for org_id, party in known.items() if org_id in actual},
               **dict(zip(order, strangers))}
        if all((actual[who[party]] if party in who else None) in party.possible() for party in parties):
            return {party: (org_id, actual[org_id]) for party, org_id in who.items()}
    return None
