# SPDX-License-Identifier: Apache-2.0
"""Logins and password hashes over HTTP: equal refusals, equal cost, storms, renewal of hashes."""
import re
import statistics
import threading
import time

import tap
from peek import peek
from promises import expect, expect_fields, must
from stack import PASSWORD, Stack, fresh_email, run
from tap import case, equal

HASH = re.compile(r"\$2b\$(\d\d)\$[./A-Za-z0-9]{53}")


def timed(work):
    begin = time.monotonic()
    result = work()
    return time.monotonic() - begin, result


def hashes(stack):
    """Every bcrypt hash that is stored."""
    return [text for text in peek(stack).texts() if HASH.search(text)]


@case
def refusals_are_equal(stack):
    """an unknown email and a wrong password are 401 and the same to the byte, request id aside"""
    tenant = stack.tenant("Equal")
    bodies, headers = set(), set()
    for email, password in ((tenant.email, "a wrong password"), (fresh_email(), PASSWORD), (fresh_email(), "x" * 72),
                            (tenant.email, PASSWORD.upper()), (tenant.email.upper(), PASSWORD + " ")):
        answer = stack.call("POST", "/admin/login", json={"email": email, "password": password},
                            headers={"X-Request-Id": "one-id"})
        expect(answer, 401, "invalid_credentials")
        bodies.add(answer.body)
        headers.add(tuple((name, value) for name, value in answer.headers.items() if name != "Date"))
    equal(len(bodies), 1, f"number of different bodies {bodies}")
    equal(len(headers), 1, f"number of different headers {headers}")


@case
def refusals_cost_the_same(stack):
    """an unknown email costs about as much time as a wrong password, where hashing dominates

    The quickest of several is compared: a busy machine only ever adds time.
    """
    with Stack(env={"ORGD_BCRYPT_COST": "9"}) as slow:
        tenant = slow.tenant("Cost")
        wrong, unknown = [], []
        for _ in range(7):
            wrong.append(timed(lambda: expect(slow.try_login(tenant.email, "a wrong password"), 401))[0])
            unknown.append(timed(lambda: expect(slow.try_login(fresh_email(), "a wrong password"), 401))[0])
        ratio = min(wrong) / min(unknown)
        must(0.5 < ratio < 2, "the two differ in time", f"wrong/unknown = {ratio:.2f}")


@case
def only_hashes_are_stored(stack):
    """passwords are stored as $2b$ hashes of the configured cost, and nowhere else"""
    tenant = stack.tenant("Stored")
    expect(tenant.update(password="copper-lantern-31-harbour"), 200)
    found = hashes(stack)
    must(found, "no hash in the database", stack.orgd.directory)
    equal({HASH.search(text).group(1) for text in found}, {"04"}, "costs")
    for secret in (PASSWORD.encode(), b"copper-lantern"):
        must(not peek(stack).holds(secret), "a password is stored", secret)


@case
def a_cheap_hash_is_renewed(stack):
    """a hash of lower cost than configured is renewed at the next login, a token survives that"""
    with Stack() as own:
        tenant = own.tenant("Renew")
        own.restart(ORGD_BCRYPT_COST="5")
        expect(own.try_login(tenant.email, "a wrong password"), 401)
        equal([HASH.search(text).group(1) for text in hashes(own)], ["04"], "costs after a wrong password")
        own.login(tenant.email)
        equal([HASH.search(text).group(1) for text in hashes(own)], ["05"], "costs after a login")
        must(tenant.alive(), "the renewal killed a token", tenant.name)
        own.login(tenant.email)


@case
def foreign_hashes_log_in(stack):
    """hashes of $2a$ and $2y$ (PHP, Flask-Bcrypt) log in"""
    with Stack() as own:
        tenant = own.tenant("Foreign")
        for prefix in ("$2y$", "$2a$"):
            text, = hashes(own)
            peek(own).set_hash(text.replace("$2b$", prefix))
            own.login(tenant.email)
            expect(own.try_login(tenant.email, "a wrong password"), 401, "invalid_credentials")
            peek(own).set_hash(text)


@case
def a_full_queue_sheds(stack):
    """with ORGD_HASH_QUEUE=1 one of several logins is hashed, the others are 503 overloaded; reads go on"""
    with Stack(env={"ORGD_HASH_QUEUE": "1", "ORGD_HASH_THREADS": "1", "ORGD_BCRYPT_COST": "10"}) as busy:
        answers = storm(busy, 6)
        equal({answer.status for answer in answers}, {401, 503}, "statuses")
        for answer in answers:
            expect(answer, answer.status, {"invalid_credentials", "overloaded"})


@case
def faults_before_overload(stack):
    """while the queue is full, faults of path, token and fields still get their own answers"""
    with Stack(env={"ORGD_HASH_QUEUE": "1", "ORGD_HASH_THREADS": "1", "ORGD_BCRYPT_COST": "9"}) as busy:
        done = threading.Event()
        threads = [threading.Thread(target=log_in_until, args=(busy, done)) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            tap.wait_until(lambda: busy.try_login(fresh_email()).status == 503, 10, "a full queue")
            expect_fields(busy.create("x", "bad", "short"), email="invalid", password="too_short")
            expect_fields(busy.try_login("bad"), email="invalid")
            expect(busy.call("PUT", "/org/update", json={"password": PASSWORD}), 401, "unauthenticated")
            expect(busy.call("POST", "/org/get"), 405)
            expect(busy.call("GET", "/org/get?slug=nobody"), 404, "organization_not_found")
        finally:
            done.set()
            for thread in threads:
                thread.join()


def log_in_until(stack, done):
    while not done.is_set():
        stack.try_login(fresh_email())


def storm(stack, number, during=None):
    """That many logins at once; during() runs meanwhile. Returns the answers."""
    answers = []
    gate = threading.Barrier(number + 1)

    def one():
        gate.wait()
        answers.append(stack.try_login(f"nobody{threading.get_ident()}@example.org"))

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    gate.wait()
    while during is not None and any(thread.is_alive() for thread in threads):
        during()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    equal(len(answers), number, "number of answers")
    return answers


@case
def reads_stay_fast_in_a_storm(stack):
    """while 50 logins are in flight healthz and GET are answered; the surplus is 503 + Retry-After, nothing else"""
    with Stack(env={"ORGD_BCRYPT_COST": "9"}) as busy:
        tenant = busy.tenant("Storm")
        times = []

        def reads():
            for work in (lambda: busy.call("GET", "/healthz"), lambda: busy.get(tenant.name)):
                spent, answer = timed(work)
                expect(answer, 200)
                times.append(spent)

        answers = storm(busy, 50, reads)
        for answer in answers:
            expect(answer, answer.status, {"invalid_credentials", "overloaded"})
        counts = {status: sum(answer.status == status for answer in answers) for status in (401, 503)}
        must(counts[401] >= 1 and counts[503] >= 1, "not a bounded queue", counts)
        must(len(times) >= 4, "the storm was over too soon to measure", times)
        must(statistics.median(times) < 0.1 and max(times) < 2, "reads were slow", sorted(times)[-5:])
        expect(busy.try_login(tenant.email), 200)


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
