# SPDX-License-Identifier: Apache-2.0
"""Documents with shell blocks and the answers below them: reads, runs and compares them.

A block of a document is followed by what it prints: answers, each a JSON document and a status, or, if it
does not begin with "{", lines as they are.
"""
import json
import os
import re
import subprocess

from tap import equal

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARK = "==== end of block"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SHORTENED = re.compile(r"(\w+)\.\.\.")


def read_examples(name):
    """Pairs of a shell block with curl lines and the answers printed below it, of a file of the project."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    pairs = []
    for (kind, text), (next_kind, answers) in zip(blocks, blocks[1:] + [("sh", "")]):
        if kind == "sh" and "curl" in text:
            pairs.append((text, answers if next_kind == "" else ""))
    return pairs


def read_answers(text):
    """A list of (object, status): JSON documents, each followed by a status."""
    answers, decoder = [], json.JSONDecoder()
    text = text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        status = re.match(r"\s+(\d{3})(?:\s+|$)", text[end:])
        if status is None:
            raise AssertionError(f"no status behind an answer: {text[end:end + 80]!r}")
        answers.append((document, int(status.group(1))))
        text = text[end + status.end():]
    return answers


def run_blocks(blocks, port):
    """What each block prints, all of them run by one bash as a reader would."""
    script = "".join(f"{block}\necho '{MARK}'\n" for block in blocks)
    script = script.replace("localhost:5000", f"localhost:{port}")
    env = dict(os.environ, no_proxy="*")
    done = subprocess.run(["bash"], input=script, env=env, text=True, encoding="utf-8", timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    printed = done.stdout.split(MARK + "\n")[:-1]
    equal(len(printed), len(blocks), "blocks that ran to their end; " + done.stderr[-2000:])
    return printed


def compare_value(name, got, printed, known):
    """One member. Times are times; what is shortened stands for one value, wherever it is shown."""
    if isinstance(printed, str) and SHORTENED.fullmatch(printed):
        if name == "access_token":
            equal(bool(re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", got)), True, "form of a token")
        else:
            equal(known.setdefault(printed, got), got, f"{name} {printed}")
            equal([short for short in known if known[short] == got], [printed], f"short for {name}")
    elif isinstance(printed, str) and TIME.fullmatch(printed):
        equal(bool(TIME.fullmatch(got)), True, f"{name} is a time ({got})")
    else:
        equal(got, printed, name)


def compare_block(number, got, printed, known):
    """What a block printed with what the document shows; `known` is what shortened values stand for."""
    what = f"block {number}"
    if not printed.lstrip().startswith("{"):
        equal(got.replace("\r", "").strip(), printed.strip(), what)
        return
    got, printed = read_answers(got), read_answers(printed)
    equal([status for _, status in got], [status for _, status in printed], f"{what}: statuses")
    for (document, _), (shown, _) in zip(got, printed):
        equal(list(document), list(shown), f"{what}: members")
        for name, value in shown.items():
            compare_value(name, document[name], value, known)
