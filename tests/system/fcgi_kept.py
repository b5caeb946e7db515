# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: kept connections, idle ones, requests that follow one another."""
import time

import fastcgi
from fastcgi import Connection, request, short_request
from fcgi_support import absent, created, healthy, lookup, organization, running, together
from tap import case, equal


@case
def kept_serves_many(bench):
    """kept connection: serves 100 requests, each answer belongs to its request"""
    entry = created(bench.path)
    with Connection(bench.path) as connection:
        for number in range(100):
            answer = (connection.call(name=f"get-{number}") if number % 2 else
                      connection.call("POST", "/admin/login", dict(entry, password=None), name=f"get-{number}"))
            equal(answer and answer.name, f"get-{number}", "answer's request id")
            equal(answer.status, 200 if number % 2 else 422)
            equal(answer.protocol_status, fastcgi.REQUEST_COMPLETE, "protocol status")


@case
def unkept_closes(bench):
    """a connection without KEEP_CONN is closed after the answer"""
    for number in range(20):
        with Connection(bench.path) as connection:
            equal(connection.call(keep=False).status, 200)
            spent = connection.closes(5)
            if spent is None:
                raise AssertionError("still open")


@case
def kept_then_unkept(bench):
    """a kept connection whose last request lacks KEEP_CONN is closed after that one"""
    with Connection(bench.path) as connection:
        for _ in range(3):
            equal(connection.call().status, 200)
        equal(connection.call(keep=False).status, 200)
        equal(connection.record(), None, "after the last answer")


@case
def kept_after_refusals(bench):
    """kept connection: a refused request with a small honest body leaves it usable"""
    refused = [("PUT", "/org/update", 401), ("POST", "/nope", 404), ("POST", "/healthz", 405),
               ("POST", "/org/create", 400)]
    with Connection(bench.path) as connection:
        for method, uri, status in refused:
            equal(connection.call(method, uri, b"x" * 300).status, status, uri)
            answer = connection.call(name="next")
            equal((answer.status, answer.name) if answer else None, (200, "next"), "after " + uri)


@case
def body_kept(bench):
    """kept connection: bodies up to 16 KiB leave it usable, in records of any size"""
    with Connection(bench.path) as connection:
        for number, (size, piece) in enumerate([(200, 1), (8192, 65535), (15000, 1000), (15001, 7), (8000, 4096)]):
            body = fastcgi.to_bytes(organization("Body")).ljust(size)
            answer = connection.call("POST", "/org/create", body, piece=piece, name=f"body-{number}")
            equal((answer.status, answer.name) if answer else None, (201, f"body-{number}"),
                  f"{size} bytes in pieces of {piece}")


@case
def large_body_kept(bench):
    """kept connection: bodies up to ORGD_MAX_BODY arrive whole; it is closed after the answer, or usable"""
    for size, piece in ((65536, 65535), (65536, 1000), (65535, 7), (40000, 8192)):
        body = fastcgi.to_bytes(organization("Large")).ljust(size)
        with Connection(bench.path) as connection:
            answer = connection.call("POST", "/org/create", body, piece=piece, name="large")
            equal((answer.status, answer.name) if answer else None, (201, "large"),
                  f"{size} bytes in pieces of {piece}")
            answer = connection.call(name="next")
            if answer is not None:
                equal((answer.status, answer.name), (200, "next"), "next answer")


@case
def idle_pins_no_worker(bench):
    """50 idle kept connections pin none of 2 workers, and each still works afterwards"""
    connections = [Connection(bench.path) for _ in range(50)]
    try:
        for connection in connections:
            equal(connection.call().status, 200)
        for _ in range(10):
            healthy(bench.path)
        for number, connection in enumerate(connections):
            answer = connection.call(name=f"again-{number}")
            equal(answer and answer.name, f"again-{number}", "idle connection's next answer")
    finally:
        for connection in connections:
            connection.close()


@case
def idle_closed(bench):
    """idle kept connections are closed after the idle time but not before; by default that is over 3 s"""
    with running({"ORGD_TEST_IDLE_SECONDS": "1"}) as orgd, Connection(bench.path) as default:
        equal(default.call().status, 200)
        with Connection(orgd.socket_path) as connection, Connection(orgd.socket_path) as other:
            equal(other.call().status, 200)
            for _ in range(3):
                equal(connection.call().status, 200, "request on a connection idle for less than the limit")
                time.sleep(0.4)
            equal(connection.call().status, 200)
            spent = connection.closes(12)
            if spent is None or spent < 0.7:
                raise AssertionError(f"closed after {spent} s, wanted 1 or a little more")
            if other.closes(5) is None:
                raise AssertionError("the other one is still open")
            healthy(orgd.socket_path)
        equal(default.closes(0.5), None, "the one with the default closed after")
        answer = default.call(name="later")
        equal(answer and answer.name, "later", "answer after the pause")


def one_or_both(connection, first, second):
    """The answers are the first, or the first and the second; tells whether the second came."""
    answers = connection.answers()
    names = [answer.name for answer in answers]
    if names not in ([first], [first, second]):
        raise AssertionError(f"answers {names}, wanted {first} and perhaps {second}")
    return len(answers) == 2


@case
def pipelined(bench):
    """two requests in one send: both are answered, or the first and the connection is closed"""
    for number in range(20):
        entry = organization("Pipelined")
        with Connection(bench.path) as connection:
            connection.send(request(keep=True, name="one")
                            + request("POST", "/org/create", entry, keep=False, name="two"))
            both = one_or_both(connection, "one", "two")
        equal(lookup(bench.path, entry["organization_name"]), 200 if both else 404, "second request's effect")


@case
def pipelined_after_body(bench):
    """two creates in one send: what is not answered has not happened"""
    for number in range(20):
        first, second = organization("Pair"), organization("Pair")
        with Connection(bench.path) as connection:
            connection.send(request("POST", "/org/create", first, keep=True, name="one")
                            + request("POST", "/org/create", second, keep=False, name="two"))
            both = one_or_both(connection, "one", "two")
        equal(lookup(bench.path, first["organization_name"]), 200, "first request's effect")
        equal(lookup(bench.path, second["organization_name"]), 200 if both else 404, "second's effect")


@case
def pipelined_in_part(bench):
    """a part of the next request sent along with one, cut at every byte: never lost silently or misread"""
    following = short_request(name="two")
    for cut in range(1, len(following)):
        with Connection(bench.path) as connection:
            connection.send(request(keep=True, name="one") + following[:cut])
            if cut % 3 == 0:
                time.sleep(0.002)
            connection.send(following[cut:])
            one_or_both(connection, "one", "two")


@case
def pipelined_unkept(bench):
    """a request sent after one without KEEP_CONN does not run"""
    entry = organization("Late")
    with Connection(bench.path) as connection:
        connection.send(request(name="one") + request("POST", "/org/create", entry, name="two"))
        equal([answer.name for answer in connection.answers()], ["one"], "answers")
    absent(bench.path, entry)


@case
def interleaved(bench):
    """a second request begun inside the first never runs with the first one's body"""
    first, second = organization("Inner"), organization("Inner")
    whole = request("POST", "/org/create", first, keep=True, name="one")
    other = request("POST", "/org/create", second, keep=True, name="two", number=2)
    for cut in (16, len(whole) - len(fastcgi.stream(fastcgi.STDIN, fastcgi.to_bytes(first)))):
        with Connection(bench.path) as connection:
            connection.send(whole[:cut] + other + whole[cut:])
            connection.finish()
            for answer in connection.answers():
                if answer.protocol_status == fastcgi.REQUEST_COMPLETE and answer.status == 201:
                    name = {"one": first, "two": second}[answer.name]["organization_name"]
                    equal(answer.json()["organization_name"], name, "organization made by " + answer.name)
                    first = organization("Inner")
                    whole = request("POST", "/org/create", first, keep=True, name="one")


@case
def many_kept_at_once(bench):
    """20 kept connections used at once: every answer comes on the connection that asked"""
    def work(index):
        with Connection(bench.path, 30) as connection:
            for number in range(30):
                answer = connection.call(name=f"c{index}-{number}")
                equal(answer and answer.name, f"c{index}-{number}", "answer's request id")
    together(20, work)
