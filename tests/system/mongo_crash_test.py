#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stops at every step of every operation on MongoDB, and kill -9 there: afterwards all is whole or absent.

Needs a build with --enable-failpoints. Runs a sample, always the same; ORGD_TEST_MATRIX=full runs all cases,
ORGD_TEST_CASE=PART those with PART in their names.
"""
import collections
import concurrent.futures
import functools
import itertools
import os
import random
import re
import sys
import time

import mongo_crash_cases as table
from mongo_crash_world import Disturbed
from mongo_server import run_cases
from tap import case, equal

FULL = os.environ.get("ORGD_TEST_MATRIX") == "full"
CHOSEN = os.environ.get("ORGD_TEST_CASE")
AT_ONCE = int(os.environ.get("ORGD_TEST_CASES_AT_ONCE") or 16)
TRIES = 3
SHOWN = 20
NUMBERS = itertools.count(1)
HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "store", "mongo_step.h")

# Steps of MONGO_STEP_LIST that nothing stops at here, each with the reason.
ELSEWHERE = {}


def steps():
    """The steps that there are, by the header itself."""
    with open(HEADER) as file:
        return re.findall(r'X\([A-Z_]+, "([a-z_]+)"\)', file.read())


def run_case(server, one):
    """A machine that is too busy to bring a process to its step says nothing about the step: that is repeated."""
    for tries in range(TRIES, 0, -1):
        try:
            return one, one.run(server.uri(f"orgd_crash_{os.getpid()}_{next(NUMBERS)}")), None
        except Exception as fault:
            if tries == 1 or not isinstance(fault, Disturbed):
                return one, 0.0, fault


def run_all(server, wanted):
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(functools.partial(run_case, server), wanted))
    faults = [(one, fault) for one, _, fault in results if fault is not None]
    slowest = max(seconds for _, seconds, _ in results)
    print(f"# {len(results)} cases, {len(faults)} faults, {time.monotonic() - begin:.0f} s; "
          f"the longest recovery took {slowest:.1f} s, with a lease of {table.LEASE_MS / 1000} s", flush=True)
    for one, fault in faults[:SHOWN]:
        print(f"# {one}: {type(fault).__name__}: {fault}")
    if faults:
        raise AssertionError(f"{len(faults)} of {len(results)} cases; again: ORGD_TEST_CASE={faults[0][0]}")


@case
def every_step(server):
    """every step of the list is stopped at, or is known to be reached otherwise"""
    reached = {step for operation in table.OPERATIONS for step in operation.steps.split()}
    equal(sorted({*steps()} - reached - {*ELSEWHERE}), [], "steps that nothing stops at")
    equal(sorted((reached | {*ELSEWHERE}) - {*steps()}), [], "steps that there are not")
    equal(sorted(reached & {*ELSEWHERE}), [], "steps that are stopped at after all")


def sample():
    """Always the same cases: each point of each operation once."""
    chance = random.Random(1)
    by_point = collections.defaultdict(list)
    for operation in table.OPERATIONS:
        for one in table.cases(operation):
            by_point[operation.word, one.point].append(one)
    return [chance.choice(ones) for ones in by_point.values()]


@case
def matrix(server):
    """stopped before and after every step, alone or with a rival, killed or woken: whole or absent, as answered"""
    if CHOSEN:
        wanted = [one for operation in table.OPERATIONS for one in table.cases(operation) if CHOSEN in str(one)]
    elif FULL:
        wanted = [one for operation in table.OPERATIONS for one in table.cases(operation)]
    else:
        wanted = sample()
    run_all(server, wanted)


if __name__ == "__main__":
    sys.exit(run_cases("deaths at every step on MongoDB"))
