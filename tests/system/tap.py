# SPDX-License-Identifier: Apache-2.0
"""Test Anything Protocol for the system tests: cases are functions, each prints one line."""
import os
import sys
import threading
import time
import traceback

CASES = []


def case(function):
    """Registers a test; its docstring's first line (or its name) is what the line says."""
    CASES.append(function)
    return function


def title(function):
    text = (function.__doc__ or function.__name__.replace("_", " ")).strip()
    return text.splitlines()[0]


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what or 'value'}: got {got!r}, wanted {wanted!r}")


def wait_until(condition, seconds=5.0, what="condition"):
    """Polls until condition() is true and returns its value; fails after the given time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} not reached in {seconds} s")
        time.sleep(0.01)


def together(tasks):
    """Runs the functions at once, each in a thread; returns what they gave, in order, or raises what one raised."""
    results, faults = [None] * len(tasks), []
    gate = threading.Barrier(len(tasks))

    def run(index, task):
        try:
            gate.wait(10)
            results[index] = task()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=row) for row in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return results


def main(*fixtures):
    """Runs every case whose name contains an argument (all without one), passing the fixtures."""
    chosen = [f for f in CASES if not sys.argv[1:] or any(a in f.__name__ for a in sys.argv[1:])]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, function in enumerate(chosen, 1):
        begin = time.monotonic()
        try:
            function(*fixtures)
            word = "ok"
        except Exception:
            failed += 1
            word = "not ok"
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        spent = time.monotonic() - begin
        slow = f" # {spent:.1f} s" if spent > 1 and not os.environ.get("ORGD_TEST_QUIET") else ""
        print(f"{word} {number} - {title(function)}{slow}", flush=True)
    return 1 if failed or not chosen else 0
