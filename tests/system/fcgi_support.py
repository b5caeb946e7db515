# SPDX-License-Identifier: Apache-2.0
"""What the FastCGI cases share: instances that clean up after themselves, names, common checks."""
import contextlib
import functools
import itertools
import os
import shutil
import time
from urllib.parse import quote

import fastcgi
import tap
from process import Orgd
from tap import equal, wait_until

PASSWORD = "a long pass phrase 7"
NUMBERS = itertools.count(1)


@contextlib.contextmanager
def running(env=None, how="fd0", start=True, **options):
    """An orgd of its own in a directory of its own; nothing is left when the block ends."""
    orgd = Orgd(env={"ORGD_WORKERS": "2", **(env or {})}, how=how, **options)
    try:
        yield orgd.start() if start else orgd
    finally:
        if orgd.process is not None:
            orgd.close()
        shutil.rmtree(orgd.directory, ignore_errors=True)


class Bench:
    """The instance that most cases share; started when first needed, and again if a case ended it."""

    def __init__(self):
        self.orgd = None
        self.tasks = 0
        self.starts = 0

    @property
    def path(self):
        if self.orgd is None or not self.orgd.alive():
            self.close()
            self.orgd = Orgd(env={"ORGD_WORKERS": "2", "ORGD_TEST_RECEIVE_SECONDS": "2"}).start()
            healthy(self.orgd.socket_path)
            self.tasks = tasks(self.orgd)
            self.starts += 1
        return self.orgd.socket_path

    def whole(self):
        """Still the same process, with all its threads, and it answers."""
        unhurt(self.orgd, self.tasks)

    def close(self):
        if self.orgd is not None:
            self.orgd.close()
            shutil.rmtree(self.orgd.directory, ignore_errors=True)
            self.orgd = None


def tasks(orgd):
    return len(os.listdir(f"/proc/{orgd.pid}/task"))


def unhurt(orgd, threads):
    """The process lives, none of its threads has ended, and it answers."""
    if not orgd.alive():
        raise AssertionError(f"orgd ended with {orgd.process.returncode}: {orgd.log()[-3000:]}")
    healthy(orgd.socket_path)
    equal(tasks(orgd), threads, "threads")


def healthy(address, seconds=2.0):
    """GET /healthz is answered 200, and soon."""
    start = time.monotonic()
    equal(fastcgi.call(address).status, 200, "GET /healthz")
    spent = time.monotonic() - start
    if spent > seconds:
        raise AssertionError(f"GET /healthz took {spent:.1f} s")


def organization(word="Org"):
    """Input for a new organization; no two are alike."""
    number = next(NUMBERS)
    return {"organization_name": f"{word} {number}", "email": f"{word.lower()}{number}@example.org",
            "password": PASSWORD}


def lookup(address, name):
    return fastcgi.call(address, "GET", "/org/get?organization_name=" + quote(name)).status


def absent(address, entry):
    equal(lookup(address, entry["organization_name"]), 404, f"GET {entry['organization_name']}")


def created(address, word="Org"):
    """A new organization; returns its input."""
    entry = organization(word)
    equal(fastcgi.call(address, "POST", "/org/create", entry).status, 201, "create")
    return entry


def insist(address, *arguments, **about):
    """A request that is repeated while the answer is 503 (the hash queue of a small instance is short)."""
    end = time.monotonic() + 10
    while True:
        answer = fastcgi.call(address, *arguments, **about)
        if answer.status != 503 or time.monotonic() > end:
            return answer
        time.sleep(0.01)


def credentials(entry):
    return {"email": entry["email"], "password": entry["password"]}


def all_or_nothing(address, entry, status, allowed):
    """The answer is one of those allowed, and the organization exists exactly if it says so."""
    if status not in allowed:
        raise AssertionError(f"status {status}, wanted one of {allowed}")
    found = lookup(address, entry["organization_name"])
    equal(found, 200 if status == 201 else 404, f"organization after the answer {status}")


def together(count, work):
    """work(i) in that many threads at once; returns the results in order, raises what they raised."""
    return tap.together([functools.partial(work, index) for index in range(count)])


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exits(orgd, status, seconds=5.0):
    """The process ends by itself with that status within the time."""
    wait_until(lambda: orgd.process.poll() is not None, seconds, f"the end of orgd:\n{orgd.log()[-2000:]}\n")
    equal(orgd.process.returncode, status, "exit status")
