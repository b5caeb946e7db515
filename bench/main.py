# SPDX-License-Identifier: Apache-2.0
"""The bench: script/bench runs this in the peer's virtual environment."""
import dataclasses
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
os.environ["ORGD_BINARY"] = os.path.join(ROOT, "build", "orgd")
os.environ.pop("ORGD_TEST_MONGO_URI", None)     # it would choose the store of every orgd

import machine
import mongo
import process
import report
import stack
import table
from rows import ROWS
from run import Run


def choose(names):
    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        sys.exit("bench: there is no row " + ", ".join(sorted(unknown)) + "; see script/bench --list")
    return [row for row in ROWS if not names or row.name in names]


def measure(scale, chosen):
    with Run(scale) as run:
        run.measure(table.needed(chosen))
        server = mongo.name_of(run.kept["server"]) if "server" in run.kept else "none"
        return run, machine.describe(process.BINARY, server)


def tap(run, chosen):
    """A line a row: whether it was measured, its answers being the right ones. Times are not judged."""
    missing = [row for row, found, _ in report.results(run.figures, chosen) if found is None]
    print(f"1..{len(chosen)}")
    for count, row in enumerate(chosen, 1):
        print(f"{'not ok' if row in missing else 'ok'} {count} - {row.name}: {row.what}")
    return bool(missing)


def save(run, scale, about):
    os.makedirs(os.path.join(ROOT, "doc", "bench"), exist_ok=True)
    with open(os.path.join(ROOT, report.RUN), "w") as file:
        file.write(report.to_json(about, dataclasses.asdict(scale), run.figures))
    report.write()


def main(arguments):
    quick = arguments[:1] == ["quick"]
    chosen = choose(arguments[quick:])
    scale = table.QUICK if quick else table.FULL
    stack.end_cleanly_on_sigterm()
    run, about = measure(scale, chosen)
    if quick:
        return tap(run, chosen)
    print(report.text(run.figures, chosen))
    if arguments or run.failures:
        print("doc/bench is left as it is: " + ("not all rows were asked for" if arguments else "some failed"))
    else:
        save(run, scale, about)
    return bool(run.failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
