# SPDX-License-Identifier: Apache-2.0
"""/metrics: what it counts, exactly, and that promtool has nothing to say against it."""
import re
import subprocess
import sys
import threading

from promises import expect
from stack import Stack
from tap import case, equal, main

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')


def samples(stack):
    """The samples of one scrape: {(name, labels): value}."""
    text = expect(stack.call("GET", "/metrics"), 200).body.decode()
    matches = (SAMPLE.match(line) for line in text.splitlines() if not line.startswith("#"))
    return {(m.group(1), m.group(2) or ""): float(m.group(3)) for m in matches}


def requests(found, route, status):
    return found.get(("orgd_requests_total", f'route="{route}",status="{status}"'), 0)


@case
def promtool_accepts_it(stack):
    """promtool check metrics finds nothing"""
    expect(stack.call("GET", "/org/get?slug=none"), 404)
    body = expect(stack.call("GET", "/metrics"), 200).body
    check = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    equal((check.returncode, check.stdout + check.stderr), (0, b""), "promtool")


@case
def no_request_is_missed(stack):
    """400 requests from 8 threads are counted one by one, in counter and histogram alike"""
    before = samples(stack)

    def work():
        for _ in range(50):
            expect(stack.call("GET", "/org/get?slug=none"), 404)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = samples(stack)
    equal(requests(after, "/org/get", 404) - requests(before, "/org/get", 404), 400, "counted")
    count = ("orgd_request_duration_seconds_count", 'route="/org/get"')
    bucket = ("orgd_request_duration_seconds_bucket", 'route="/org/get",le="+Inf"')
    equal(after[count] - before[count], 400, "in the histogram")
    equal(after[bucket], after[count], "the last bucket")


@case
def buckets_only_grow(stack):
    """the buckets of a histogram are cumulative"""
    found = samples(stack)
    values = [value for (name, labels), value in found.items()
              if name.endswith("_bucket") and labels.startswith('route="/org/get"')]
    equal(values, sorted(values), "buckets")
    equal(len(values), 13, "number of buckets")


@case
def hashes_and_store(stack):
    """a login counts a hash and store calls; a wrong one the same; the gauges come back to rest"""
    tenant = stack.tenant("Measured")
    before = samples(stack)
    stack.login(tenant.email, tenant.password)
    after = samples(stack)
    equal(after[("orgd_hashes_total", "")] - before[("orgd_hashes_total", "")], 1, "hashes")
    equal(after[("orgd_store_calls_total", "")] - before[("orgd_store_calls_total", "")], 1, "store calls")
    equal(after[("orgd_store_errors_total", "")], 0, "store errors")
    equal((after[("orgd_hash_queue", "")], after[("orgd_hash_queue_limit", "")]), (0, 16), "hash queue")
    equal(after[("orgd_store_connections_busy", "")], 0, "busy connections")
    equal(after[("orgd_store_connections_open", "")] >= 1, True, "open connections")


@case
def unknown_paths_share_a_label(stack):
    """what a client makes up is never a label"""
    expect(stack.call("GET", "/made/up/by/a/client"), 404)
    found = samples(stack)
    equal(requests(found, "other", 404) >= 1, True, "counted as other")
    equal([labels for _, labels in found if "made" in labels], [], "labels")


if __name__ == "__main__":
    with Stack(env={"ORGD_METRICS": "on"}) as fixture:
        status = main(fixture)
    sys.exit(status)
