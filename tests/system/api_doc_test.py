# SPDX-License-Identifier: Apache-2.0
"""doc/api.md, run as printed against a real stack: every route answers as the page shows."""
import os
import re

import tap
from examples import ROOT, compare_block, read_examples, run_blocks
from promises import must
from stack import Stack
from tap import case, equal


@case
def every_route_is_shown(examples, _, routes):
    """doc/api.md has a section and a curl line for each route, and no section for any other"""
    with open(os.path.join(ROOT, "doc", "api.md"), encoding="utf-8") as file:
        sections = re.findall(r"^## ([A-Z]+ /\S+)$", file.read(), re.MULTILINE)
    equal(sorted(sections), sorted(routes), "sections")
    commands = "".join(block for block, _ in examples)
    for route in routes:
        must("http://localhost:5000" + route.split()[1] in commands, "no curl line", route)


@case
def every_block_has_its_answer(examples, _, __):
    """each block of doc/api.md is followed by what it prints"""
    for number, (block, shown) in enumerate(examples, 1):
        must(shown.strip(), f"block {number} has no answer", block)


@case
def answers_are_as_printed(examples, printed, _):
    """doc/api.md's curl lines, run in order, give the statuses, members and values printed below them"""
    known = {}
    for number, ((_, shown), got) in enumerate(zip(examples, printed), 1):
        compare_block(number, got, shown, known)


def main():
    examples = read_examples("doc/api.md")
    with Stack(env={"ORGD_METRICS": "on"}) as stack:
        paths = stack.contract.document["paths"]
        routes = [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]
        return tap.main(examples, run_blocks([block for block, _ in examples], stack.nginx.port), routes)


if __name__ == "__main__":
    raise SystemExit(main())
