# SPDX-License-Identifier: Apache-2.0
"""Races over HTTP, by two orgd processes on one store: one winner each, and nothing left over."""
import os
import threading
import time

import tap
from peek import peek
from promises import expect, must
from stack import NUMBERS, Stack, fresh_email, run
from tap import case, equal

RACERS = 8
ROUNDS = 3


def unique(name):
    return f"{name} {next(NUMBERS)}"


def patient(task):
    """The task as a client does it that is told that something is still under way: again, for a while."""
    def attempt():
        end = time.monotonic() + 20
        while True:
            answer = task()
            if answer.status != 409 or answer.code != "organization_busy" or time.monotonic() > end:
                return answer
            time.sleep(0.02)
    return attempt


def together(tasks):
    """All tasks at once, each patient."""
    return tap.together([patient(task) for task in tasks])


def behind_one_lock(stack, tasks):
    """Runs the functions so that all have read before the first one can write."""
    begun = threading.Barrier(len(tasks) + 1)

    def release():
        with peek(stack).writes_held():
            begun.wait(10)
            time.sleep(0.15)

    def after(task):
        begun.wait(10)
        return patient(task)()

    return tap.together([lambda task=task: after(task) for task in tasks] + [release])[:-1]


def pick(stacks, index):
    """The process that a racer talks to: they take turns."""
    return stacks[index % len(stacks)]


def one_winner(answers, status, *losers):
    """Exactly one answer has the status, all others one of the (status, code) of losers; returns its index."""
    for answer in answers:
        if answer.status != status:
            must((answer.status, answer.code) in losers, "an unexpected answer", answer)
    winners = [index for index, answer in enumerate(answers) if answer.status == status]
    must(len(winners) == 1, "not exactly one winner", [answer.status for answer in answers])
    return winners[0]


def change(stack, tenant, **fields):
    return stack.call("PUT", "/org/update", json=fields, token=tenant.token)


def status_of(stacks, name):
    """What GET answers for a name: the same on every process."""
    answers = {stack.get(name).status for stack in stacks}
    equal(len(answers), 1, f"number of different answers for {name}")
    return answers.pop()


@case
def one_name(*stacks):
    """many creates of one name: one wins, the losers' emails stay free"""
    for _ in range(ROUNDS):
        name, emails = unique("One Name"), [fresh_email() for _ in range(RACERS)]
        answers = together([lambda i=i: pick(stacks, i).create(name if i % 3 else name.upper(), emails[i])
                            for i in range(RACERS)])
        winner = one_winner(answers, 201, (409, "organization_exists"))
        equal(status_of(stacks, name), 200, name)
        for index, email in enumerate(emails):
            if index != winner:
                expect(pick(stacks, index).create(unique("Loser"), email), 201)
        stacks[0].login(emails[winner])


@case
def one_email(*stacks):
    """many creates with one email: one wins, the losers' names stay free"""
    for _ in range(ROUNDS):
        email, names = fresh_email(), [unique("One Email") for _ in range(RACERS)]
        answers = together([lambda i=i: pick(stacks, i).create(names[i], email if i % 3 else email.upper())
                            for i in range(RACERS)])
        winner = one_winner(answers, 201, (409, "email_taken"))
        for index, name in enumerate(names):
            if index != winner:
                equal(status_of(stacks, name), 404, name)
                expect(pick(stacks, index).create(name, fresh_email()), 201)
        equal(stacks[0].try_login(email).json["organization_name"], names[winner], "organization of the email")


@case
def names_and_emails_crossed(*stacks):
    """creates that cross two names with two emails: no name or email has two owners, all others stay free"""
    for _ in range(ROUNDS):
        names, emails = [unique("Cross"), unique("Cross")], [fresh_email(), fresh_email()]
        pairs = [(name, email) for name in names for email in emails] * 2
        answers = together([lambda i=i: pick(stacks, i).create(*pairs[i]) for i in range(len(pairs))])
        won = [pair for pair, answer in zip(pairs, answers) if answer.status == 201]
        for answer in answers:
            must(answer.status in (201, 409), "an unexpected answer", answer)
        must(1 <= len(won) <= 2 and len({name for name, _ in won}) == len({email for _, email in won}) == len(won),
             "a name or an email has two owners", won)
        for name in set(names) - {name for name, _ in won}:
            expect(stacks[0].create(name, fresh_email()), 201)
        for email in set(emails) - {email for _, email in won}:
            expect(stacks[-1].create(unique("Rest"), email), 201)


@case
def one_slug(*stacks):
    """creates of different names with one slug: one wins"""
    number = next(NUMBERS)
    names = [f"Slug{blank}race{blank}{number}" for blank in (" ", "-", ".", "_", "/", "+", ":", ";")]
    answers = together([lambda i=i: pick(stacks, i).create(names[i], fresh_email()) for i in range(RACERS)])
    winner = one_winner(answers, 201, (409, "organization_exists"))
    for index, name in enumerate(names):
        equal(status_of(stacks, name), 200 if index == winner else 404, name)


@case
def one_rename_target(*stacks):
    """many renames to one name: one wins, the losers keep their names, the winner's old name is free"""
    tenants = [stacks[0].tenant("Runner") for _ in range(RACERS)]
    target = unique("Target")
    answers = together([lambda i=i: change(pick(stacks, i), tenants[i], organization_name=target)
                        for i in range(RACERS)])
    winner = one_winner(answers, 200, (409, "organization_exists"))
    equal(stacks[0].get(target).json["org_id"], tenants[winner].org["org_id"], "owner of the target")
    for index, tenant in enumerate(tenants):
        equal(status_of(stacks, tenant.name), 404 if index == winner else 200, tenant.name)
        if index != winner:
            equal(stacks[0].get(tenant.name).json, tenant.org, "a loser's organization")
            must(tenant.alive(), "a loser's token died", tenant.name)
    expect(stacks[0].create(tenants[winner].name, fresh_email()), 201)


@case
def rename_against_create(*stacks):
    """renames and creates of one name: one wins"""
    tenants = [stacks[0].tenant("Mover") for _ in range(RACERS // 2)]
    target = unique("Contested")
    tasks = [lambda i=i: change(pick(stacks, i), tenants[i], organization_name=target) for i in range(len(tenants))]
    tasks += [lambda i=i: pick(stacks, i).create(target, fresh_email()) for i in range(len(tenants))]
    answers = together(tasks)
    won = [answer for answer in answers if answer.status in (200, 201)]
    must(len(won) == 1, "not exactly one winner", [answer.status for answer in answers])
    for answer in answers:
        if answer is not won[0]:
            expect(answer, 409, "organization_exists")
    equal(stacks[0].get(target).json["org_id"], won[0].json["org_id"], "owner of the name")


@case
def two_exchange_their_names(*stacks):
    """two organizations that take each other's name: neither succeeds, or one after the other has moved"""
    for _ in range(ROUNDS):
        one, two = stacks[0].tenant("Swap"), stacks[0].tenant("Swap")
        answers = together([lambda: change(stacks[0], one, organization_name=two.name),
                            lambda: change(stacks[-1], two, organization_name=one.name)])
        for answer in answers:
            expect(answer, 409, "organization_exists")
        for tenant in (one, two):
            equal(stacks[0].get(tenant.name).json["org_id"], tenant.org["org_id"], tenant.name)


@case
def one_organization_many_names(*stacks):
    """many renames of one organization: it ends with exactly one of the names, the others are free"""
    tenant = stacks[0].tenant("Many")
    names = [unique("Many Names") for _ in range(RACERS)]
    answers = together([lambda i=i: change(pick(stacks, i), tenant, organization_name=names[i]) for i in range(RACERS)])
    for answer in answers:
        expect(answer, 200)
    owned = [name for name in names if status_of(stacks, name) == 200]
    equal(len(owned), 1, "number of names")
    equal(stacks[0].get(owned[0]).json["org_id"], tenant.org["org_id"], "org_id")
    for name in [tenant.name] + [name for name in names if name not in owned]:
        expect(stacks[0].create(name, fresh_email()), 201)


@case
def one_email_for_many(*stacks):
    """many admins that take one email: one wins, the losers log in with their own still"""
    tenants = [stacks[0].tenant("Mail") for _ in range(RACERS)]
    email = fresh_email()
    answers = together([lambda i=i: change(pick(stacks, i), tenants[i], email=email) for i in range(RACERS)])
    winner = one_winner(answers, 200, (409, "email_taken"))
    equal(stacks[0].try_login(email).json["org_id"], tenants[winner].org["org_id"], "owner of the email")
    for index, tenant in enumerate(tenants):
        expect(stacks[-1].try_login(tenant.email), 401 if index == winner else 200)
        equal(tenant.alive(), index != winner, "the token's life")
    expect(stacks[0].create(unique("Old Mail"), tenants[winner].email), 201)


@case
def one_password_many_changes(*stacks):
    """many changes of one password by one token: one wins and kills the token, the others are 401"""
    for _ in range(ROUNDS):
        tenant = stacks[0].tenant("Secret")
        words = [f"meadow-{index}-violet-anvil" for index in range(RACERS)]
        answers = together([lambda i=i: change(pick(stacks, i), tenant, password=words[i]) for i in range(RACERS)])
        winner = one_winner(answers, 200, (401, "invalid_token"))
        for index, word in enumerate(words):
            expect(pick(stacks, index).try_login(tenant.email, word), 200 if index == winner else 401)
        tenant.token = answers[winner].json["access_token"]
        must(tenant.alive(), "the fresh token is dead", tenant.name)


@case
def what_was_read_is_checked_again(*stacks):
    """two changes by one token that have both read before either writes: one wins, the other is 401 (or 404)"""
    def new_password(tenant, stack):
        return change(stack, tenant, password=unique("meadow-violet"))

    def new_email(tenant, stack):
        return change(stack, tenant, email=fresh_email())

    def delete(tenant, stack):
        return stack.call("DELETE", "/org/delete", token=tenant.token)

    rows = [(new_password, new_password), (new_password, new_email), (delete, delete)]
    for one, other in rows + [(new_email, delete), (new_password, delete)] * 3:
        tenant = stacks[0].tenant("Again")
        answers = behind_one_lock(stacks[0], [lambda: one(tenant, stacks[0]), lambda: other(tenant, stacks[-1])])
        one_winner(answers, 200, (401, "invalid_token"), (404, "organization_not_found"))


@case
def conflicts_are_checked_again(*stacks):
    """creates and renames that have all found a name and an email free before any writes: one winner of each"""
    mover, name, email = stacks[0].tenant("Checked"), unique("Checked again"), fresh_email()
    answers = behind_one_lock(stacks[0], [
        lambda: stacks[0].create(name, fresh_email()), lambda: stacks[-1].create(name, fresh_email()),
        lambda: change(stacks[-1], mover, organization_name=name)])
    equal(sorted(answer.status // 100 for answer in answers), [2, 4, 4], "winners")
    for answer in answers:
        if answer.status >= 400:
            expect(answer, 409, "organization_exists")
    names = [unique("Checked") for _ in range(3)]
    answers = behind_one_lock(stacks[0], [lambda i=i: pick(stacks, i).create(names[i], email) for i in range(3)])
    winner = one_winner(answers, 201, (409, "email_taken"))
    for index, name in enumerate(names):
        equal(status_of(stacks, name), 200 if index == winner else 404, name)


@case
def one_delete(*stacks):
    """many deletes of one organization: one wins, then nothing of it is left and its name and email are free"""
    for _ in range(ROUNDS):
        tenant = stacks[0].tenant("Doomed")
        answers = together([lambda i=i: pick(stacks, i).call("DELETE", "/org/delete", token=tenant.token)
                            for i in range(RACERS)])
        one_winner(answers, 200, (401, "invalid_token"), (404, "organization_not_found"))
        equal(status_of(stacks, tenant.name), 404, tenant.name)
        expect(stacks[-1].try_login(tenant.email), 401, "invalid_credentials")
        expect(stacks[-1].create(tenant.name, tenant.email), 201)


@case
def delete_against_rename(*stacks):
    """a delete and renames of one organization: it is gone under every name, and all are free"""
    for _ in range(ROUNDS):
        tenant = stacks[0].tenant("Fading")
        names = [unique("Fading to") for _ in range(3)]
        tasks = [lambda i=i: change(pick(stacks, i), tenant, organization_name=names[i]) for i in range(3)]
        tasks.append(lambda: stacks[-1].call("DELETE", "/org/delete", token=tenant.token))
        answers = together(tasks)
        expect(answers[-1], 200)
        for answer in answers[:-1]:
            must(answer.status in (200, 401, 404), "an unexpected answer", answer)
        for name in names + [tenant.name]:
            equal(status_of(stacks, name), 404, name)
        expect(stacks[0].create(tenant.name, tenant.email), 201)
        for name in names:
            expect(stacks[0].create(name, fresh_email()), 201)


@case
def delete_against_create(*stacks):
    """a delete and creates of the same name: at most one create wins, and only after the delete"""
    for _ in range(ROUNDS):
        tenant = stacks[0].tenant("Phoenix")
        tasks = [lambda: stacks[0].call("DELETE", "/org/delete", token=tenant.token)]
        tasks += [lambda i=i: pick(stacks, i).create(tenant.name, fresh_email()) for i in range(4)]
        answers = together(tasks)
        expect(answers[0], 200)
        made = [answer for answer in answers[1:] if answer.status == 201]
        for answer in answers[1:]:
            if answer.status != 201:
                expect(answer, 409, "organization_exists")
        must(len(made) <= 1, "two organizations of one name", made)
        equal(status_of(stacks, tenant.name), 200 if made else 404, tenant.name)


@case
def readers_see_whole_states(*stacks):
    """readers during renames and deletes get 200 or 404, and never another organization or a half one"""
    tenant = stacks[0].tenant("Watched")
    names = [tenant.name, tenant.name + " moved"]
    done = threading.Event()
    seen = []

    def read(stack, name):
        while not done.is_set():
            answer = stack.get(name)
            must(answer.status in (200, 404), "an unexpected answer", answer)
            seen.append(answer.status)
            if answer.status == 200:
                equal((answer.json["org_id"], answer.json["status"]), (tenant.org["org_id"], "active"), "id, status")
                equal(answer.json["organization_name"], name, "name")

    def write():
        try:
            for number in range(20):
                move = patient(lambda n=number: change(pick(stacks, n), tenant, organization_name=names[(n + 1) % 2]))
                expect(move(), 200)
            expect(tenant.call("DELETE", "/org/delete"), 200)
        finally:
            done.set()

    tap.together([write] + [lambda i=i: read(pick(stacks, i), names[i // 2]) for i in range(4)])
    must({200, 404} <= set(seen), "the readers saw nothing of it", set(seen))


@case
def many_at_once_and_nothing_lost(*stacks):
    """creates of different organizations at once all succeed, on either process"""
    names = [unique("Crowd") for _ in range(24)]
    for answer in together([lambda i=i: pick(stacks, i).create(names[i], fresh_email()) for i in range(len(names))]):
        expect(answer, 201)
    for name in names:
        equal(status_of(stacks, name), 200, name)


@case
def the_limit_holds_in_a_race(*stacks):
    """ORGD_MAX_ORGANIZATIONS is not exceeded by creates at the same time"""
    with Stack(env={"ORGD_MAX_ORGANIZATIONS": "3", "ORGD_HASH_QUEUE": "32"}) as first, Stack(beside=first) as second:
        limited = (first, second)
        answers = together([lambda i=i: pick(limited, i).create(unique("Limit"), fresh_email()) for i in range(RACERS)])
        for answer in answers:
            if answer.status != 201:
                expect(answer, 403, "organization_limit")
        equal(sum(answer.status == 201 for answer in answers), 3, "number of organizations")


if __name__ == "__main__":
    racing = [Stack(env={"ORGD_HASH_QUEUE": "32"}).start()]
    if os.environ.get("ORGD_TEST_PROCESSES") == "1":
        print("# with one process only: the store is not made for several")
    else:
        racing.append(Stack(beside=racing[0]).start())
    raise SystemExit(run(tap.main, *racing))
