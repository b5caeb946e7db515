#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A state search of the store's protocol on MongoDB: every order of commands, every death, every lost answer.

usage: saga_search.py [quick | full | deep]     10 seconds, minutes, an hour; TAP
       saga_search.py trace SCENARIO [VARIANT]  one scenario, and the commands that lead to each bad end
                                                (SCENARIO and VARIANT: saga_scenarios.py)

Each state is judged twice: for what a request would see there at once, and, with all actors dead that have
not finished, for what is left after one pass of the janitor. See doc/reliability.md.
"""
import collections
import multiprocessing
import pathlib
import sys
import time
from typing import NamedTuple

from saga_explore import Search, run_alone
from saga_machine import Machine, hidden_state
from saga_scenarios import (CHOSEN, FOUR, KNOWN, LIST_ONLY, WRONG, actors_of, elsewhere, is_scenario,
                            known_end, scenarios, world_of)
from saga_show import history
from saga_world import Settings

MODES = {True: "server compares UUIDs", False: "list, then act"}
LOSSES_OF_TRACE = 1


class Batch(NamedTuple):
    title: str
    scenarios: list
    losses: int
    most: int | None = None  # states of a scenario


def batches(run):
    one, two, three = (scenarios(size) for size in (1, 2, 3))
    return {
        "quick": [Batch("one actor, two lost answers", one, 2),
                  Batch("two actors, one lost answer", two, 1),
                  Batch("two actors in other worlds", elsewhere(2), 0),
                  Batch("three actors, chosen", CHOSEN, 0)],
        "full": [Batch("one actor, two lost answers", one, 2),
                 Batch("two actors, two lost answers", two, 2),
                 Batch("two actors in other worlds, one lost answer", elsewhere(2), 1),
                 Batch("three actors", three, 0),
                 Batch("three actors, chosen, one lost answer", CHOSEN, 1)],
        "deep": [Batch("three actors, one lost answer", three, 1),
                 Batch("three actors in other worlds", elsewhere(3), 0),
                 Batch("four actors, chosen", FOUR, 0, 1_000_000)],
    }[run]


# ---- TAP

class Tap:
    def __init__(self, planned):
        self.number = self.failed = 0
        print(f"1..{planned}", flush=True)

    def line(self, good, title):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {title}", flush=True)


def note(text):
    print("# " + text, flush=True)


# ---- one scenario

class Job(NamedTuple):
    scenario: str
    conditional: bool
    losses: int
    most: int | None


class Report(NamedTuple):
    scenario: str
    states: int
    ends: int
    capped: bool
    known: collections.Counter  # name -> bad ends
    faults: dict  # what is wrong, and not known -> how often, the commands to it
    left: collections.Counter


def search(job):
    Settings.conditional, Settings.wrong = job.conditional, ""
    found = Search(job.scenario, job.losses).run(job.most)
    known, faults = collections.Counter(), {}
    for fault, state in found.faults.items():
        name = known_end(job.scenario, job.conditional, fault)
        if name:
            known[name] += found.counts[fault]
        else:
            faults[fault] = found.counts[fault], history(found, state)
    capped = bool(job.most) and len(found.parents) > job.most
    return Report(job.scenario, len(found.parents), len(found.judged), capped, known, faults,
                  found.left_behind())


def search_batch(tap, pool, batch, conditional, total):
    begin = time.monotonic()
    sums, known = collections.Counter(), collections.Counter()
    jobs = [Job(scenario, conditional, batch.losses, batch.most) for scenario in batch.scenarios]
    for report in pool.imap_unordered(search, jobs, chunksize=1):
        sums.update(states=report.states, ends=report.ends, capped=report.capped)
        known.update(report.known)
        total["left"].update(report.left)
        for fault, (count, commands) in report.faults.items():
            sums["violations"] += count
            note(f"VIOLATION in {report.scenario}: {fault} ({count} times); the commands to the first:")
            for command in commands:
                note("    " + command)
    total["known"].update(known)
    capped = f", {sums['capped']} cut short" if sums["capped"] else ""
    note(f"{len(jobs)} scenarios{capped}, {sums['states']} states, {sums['ends']} ends, "
         f"{sums['violations']} violations, {known.total()} known bad ends, {time.monotonic() - begin:.0f} s")
    tap.line(not sums["violations"], f"{batch.title}: {MODES[conditional]}")


# ---- what the search itself relies on

def check_generators(tap):
    faults = [f"{name}:{line}" for name in ("saga_parts", "saga_protocol", "saga_upkeep", "saga_scenarios")
              for line in hidden_state(pathlib.Path(__file__).with_name(name + ".py").read_text())]
    for fault in faults:
        note(fault + " keeps a value where the search cannot see it")
    tap.line(not faults, "all that a step depends on can be seen")


# operation -> its answer when it is alone, and its round trips where the server compares UUIDs, and where not
ALONE = {
    "create-y": ("201", 9, 9),
    "create-limited": ("201", 10, 10),
    "create-x": ("409 organization_exists", 5, 5),
    "create-a": ("409 email_taken", 8, 8),
    "rename-y": ("200", 7, 11),
    "rename-x": ("200", 1, 1),
    "display": ("200", 2, 2),
    "email-e": ("200", 7, 7),
    "password": ("200", 5, 5),
    "password-checked": ("200", 5, 5),
    "combined": ("200", 13, 15),
    "delete": ("200", 10, 12),
    "login-old": (1, 3, 3),
    "login-password": ("401", 2, 2),
    "login-new": ("401", 1, 1),
    "stray/create-y": ("201", 20, 20),
    "standing/rename-y": ("200", 27, 30),
}


def check_alone(tap):
    wrong = []
    for scenario, (answer, *trips) in ALONE.items():
        for Settings.conditional, wanted in zip((True, False), trips):
            actor = actors_of(scenario)[0]
            result, commands = run_alone(Machine(actor.run), world_of(scenario), "p0")
            if (result, commands) != (answer, wanted):
                mode = MODES[Settings.conditional]
                wrong.append(f"{scenario}, {mode}: {result!r} after {commands} commands")
    for line in wrong:
        note(line)
    tap.line(not wrong, f"{len(ALONE)} operations alone: the answer, and the round trips it takes")


def check_variant(tap, variant):
    """Something is wrong in its scenario that is not wrong there without it."""
    wrong = WRONG[variant]
    Settings.conditional, Settings.wrong = variant not in LIST_ONLY, ""
    right = Search(wrong.scenario, wrong.losses).run().faults
    Settings.wrong = variant
    found = Search(wrong.scenario, wrong.losses).run(until=lambda faults: set(faults) - set(right))
    faults = sorted(set(found.faults) - set(right))
    for fault in faults[:1]:
        note(f"{wrong.scenario}, after {len(found.path(found.faults[fault]))} commands: {fault}")
    Settings.wrong = ""
    tap.line(bool(faults), f"caught: {wrong.what}")


def check_known(tap, met):
    missing = [known.name for known in KNOWN if not met[known.name]]
    for name in missing:
        note(f"not met: \"{name}\"; if the protocol has become better, take it out of KNOWN")
    tap.line(not missing, "each known bad end is still one")


# ---- the program

def run_all(run):
    chosen = batches(run)
    tap = Tap(2 + len(MODES) * len(chosen) + (run == "full") + len(WRONG))
    check_generators(tap)
    check_alone(tap)
    total = {"left": collections.Counter(), "known": collections.Counter()}
    with multiprocessing.Pool(2) as pool:
        for batch in chosen:
            for conditional in MODES:
                search_batch(tap, pool, batch, conditional, total)
    note("what the ends had left behind, before the janitor:")
    for what, count in total["left"].most_common():
        note(f"    {count} times: {what}")
    for known in (known for known in KNOWN if total["known"][known.name]):
        note(f"known bad end \"{known.name}\", {total['known'][known.name]} times: {known.reason}")
    if run == "full":
        check_known(tap, total["known"])
    for variant in WRONG:
        check_variant(tap, variant)
    return 1 if tap.failed else 0


def trace(scenario, variant=""):
    """Prints a shortest way to each bad end of a scenario, or to its regular end."""
    for Settings.conditional in MODES:
        Settings.wrong = variant
        found = Search(scenario, LOSSES_OF_TRACE).run()
        size = f"{len(found.parents)} states, {len(found.judged)} ends"
        print(f"{scenario}, {MODES[Settings.conditional]}: {size}")
        for fault, state in found.faults.items():
            known = known_end(scenario, Settings.conditional, fault)
            print(f"\n{fault}, {found.counts[fault]} times" + (f", known as \"{known}\"" if known else ""))
            print("\n".join("    " + line for line in history(found, state)))
        if not found.faults:
            print("    no bad end; the shortest way to a state in which all have finished:")
            print("\n".join("    " + line for line in history(found, found.finished())))
    return 0


def main(arguments):
    if arguments[:1] == ["trace"] and len(arguments) in (2, 3):
        if is_scenario(arguments[1]) and set(arguments[2:]) <= set(WRONG):
            return trace(*arguments[1:])
    if len(arguments) <= 1 and (arguments or ["quick"])[0] in ("quick", "full", "deep"):
        return run_all(*arguments or ["quick"])
    print(__doc__.split("\n\n")[1], file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
