# SPDX-License-Identifier: Apache-2.0
"""A run as a table, as JSON, and as the parts of documents that quote it. Needs nothing but Python.

    report.py            writes the chart and the quoting parts of the documents from doc/bench/run.json
    report.py --check    whether all of them are as the file says; prints TAP
"""
import difflib
import json
import os
import re
import sys
import textwrap

import chart
import rows

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUN = os.path.join("doc", "bench", "run.json")
CHART = os.path.join("doc", "bench", "peers.svg")
PERFORMANCE = os.path.join("doc", "performance.md")
DOCUMENTS = ("README.md", PERFORMANCE)
COLUMNS = 110
PART = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- /bench -->\n)", re.S)


def number(value):
    """Three digits that count, and thousands set apart."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:#.3g}".rstrip(".")


def target(row):
    if row.at_least is not None:
        return f"at least {row.at_least:g}{' ' + row.unit if row.unit else ''}"
    if row.at_most is not None:
        return f"at most {row.at_most:g}{' ' + row.unit if row.unit else ''}"
    return ""


def results(figures, chosen=rows.ROWS):
    """[(row, median and spread or None, verdict)]"""
    for row in chosen:
        numbers = rows.values(row, figures)
        found = rows.spread(numbers) if numbers else None
        yield row, found, rows.verdict(row, found["median"]) if found else None


def word(row, found, verdict):
    if found is None:
        return "not measured"
    return {True: "pass", False: "falls short", None: ""}[verdict]


def text(figures, chosen):
    """The table for a terminal."""
    lines = []
    for row, found, verdict in results(figures, chosen):
        median, spread = shown(found, row.unit)
        lines.append(f"{row.name:18} {row.what:75} {median:10} {spread:18} {target(row):16} "
                     f"{word(row, found, verdict)}".rstrip())
    return "\n".join(lines)


def to_json(machine, scale, figures):
    """The file: what was measured in each round; what follows from it is worked out anew."""
    kept = {name: [float(f"{value:.5g}") for value in numbers] for name, numbers in figures.items()}
    return json.dumps({"machine": machine, "scale": scale, "figures": kept}, indent=1) + "\n"


# Parts of documents.

def table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def shown(found, unit=""):
    return [f"{number(found['median'])}{' ' + unit if unit else ''}",
            f"{number(found['low'])} to {number(found['high'])}"] if found else ["", ""]


def targets(run):
    return table(("row", "what", "to reach", "median", "spread", "verdict"), (
        (f"`{row.name}`", row.what, target(row), *shown(found, row.unit), word(row, found, verdict))
        for row, found, verdict in results(run["figures"]) if target(row)))


def picture(run):
    return table(("row", "what", "median", "spread"), (
        (f"`{row.name}`", row.what, *shown(found, row.unit))
        for row, found, verdict in results(run["figures"]) if not target(row)))


def figures(run):
    return table(("measurement", "median", "spread"), (
        (f"`{name}`", *shown(rows.spread(numbers))) for name, numbers in run["figures"].items()))


def machine(run):
    about = run["machine"]
    return textwrap.wrap(
        f"{about['date']}, {about['cores']} cores of {about['cpu']}, {about['memory_gb']} GB, Linux {about['kernel']}, "
        f"{about['system']}; " + ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + ".",
        COLUMNS)


def claim(run):
    row = {row.name: found["median"] for row, found, _ in results(run["figures"]) if found}
    of = {name: rows.spread(numbers)["median"] for name, numbers in run["figures"].items()}
    return textwrap.wrap(
        f"On {run['machine']['cores']} cores, behind nginx, orgd answers **{number(of['get_name.rate'])} lookups a "
        f"second** from SQLite: {number(100 * row['get_name'])} % of what the same nginx and FastCGI core give for a "
        f"constant answer. Logins run at {number(100 * row['login'])} % of bare bcrypt on all cores. It answers "
        f"{number(row['start'])} ms after its start and holds {number(row['idle'])} MB. On the same MongoDB-speaking "
        f"server it gives {number(row['get_flask'])} lookups where the usual design (Flask, PyMongo, gunicorn) gives "
        "one.", COLUMNS)


PARTS = {"targets": targets, "picture": picture, "figures": figures, "machine": machine, "claim": claim}


def quoting(run, document):
    """The document with its marked parts written anew."""
    return PART.sub(lambda part: part[1] + "\n".join(PARTS[part[2]](run)) + "\n" + part[3], document)


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def wanted():
    """[(path, what it says, what it should say)]"""
    run = json.loads(read(RUN))
    yield CHART, read(CHART) if os.path.exists(os.path.join(ROOT, CHART)) else "", chart.draw(run["figures"])
    for path in DOCUMENTS:
        document = read(path)
        yield path, document, quoting(run, document)


def write():
    for path, is_now, should_be in wanted():
        if is_now != should_be:
            with open(os.path.join(ROOT, path), "w") as file:
                file.write(should_be)


def differences():
    for path, is_now, should_be in wanted():
        lines = difflib.unified_diff(is_now.splitlines(), should_be.splitlines(), path, RUN, "", "", 0, "")
        yield f"{path} says what {RUN} does", "\n".join(list(lines)[:20])


def check():
    """All that is found wrong, as (what should be, what is)."""
    document, run = read(PERFORMANCE), json.loads(read(RUN))
    yield from differences()
    yield f"{PERFORMANCE} has every part of the run", "\n".join(
        mark for mark in (f"<!-- bench: {name} -->" for name in PARTS if name != "claim") if mark not in document)
    yield "every row that falls short is explained", "\n".join(
        f"{PERFORMANCE} lacks: ### {row.name}" for row, _, verdict in results(run["figures"])
        if verdict is False and f"### {row.name}\n" not in document)
    yield "every target was measured", "\n".join(
        row.name for row, found, _ in results(run["figures"]) if target(row) and found is None)


def tap():
    faults = 0
    found = list(check())
    for count, (what, fault) in enumerate(found, 1):
        print("".join(f"# {line[:200]}\n" for line in fault.splitlines()), end="")
        print(f"{'not ok' if fault else 'ok'} {count} - {what}")
        faults += bool(fault)
    print(f"1..{len(found)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(tap() if sys.argv[1:] == ["--check"] else write())
