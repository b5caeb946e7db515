# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: bodies and their lengths, requests in pieces, ABORT, client gone."""
import socket
import time

import fastcgi
from fastcgi import Connection, record, request, short_request
from fcgi_support import (absent, all_or_nothing, created, credentials, healthy, insist, lookup, organization,
                          running)
from tap import case, equal


def create_with(address, content_length, cut=None, extra=b""):
    """POST /org/create with that CONTENT_LENGTH; of the body only `cut` bytes are sent, then `extra`."""
    entry = organization("Framed")
    body = fastcgi.to_bytes(entry)
    if callable(content_length):
        content_length = content_length(len(body))
    sent = body[:cut] + extra
    answer = fastcgi.call(address, "POST", "/org/create", sent, content_length=content_length)
    return entry, answer


@case
def body_too_short(bench):
    """STDIN shorter than CONTENT_LENGTH: 400 and nothing done, even if the JSON is whole"""
    for more in (1, 2, 8, 100, 60000 - 1000):
        entry, answer = create_with(bench.path, lambda size: size + more)
        equal(answer.status, 400, f"{more} bytes missing")
        absent(bench.path, entry)
    for cut in (0, 1, 20):
        entry, answer = create_with(bench.path, lambda size: size, cut=cut)
        equal(answer.status, 400, f"{cut} bytes sent")
        absent(bench.path, entry)


@case
def body_too_long(bench):
    """STDIN longer than CONTENT_LENGTH: what lies beyond is not read as body, all or nothing is done"""
    for extra in (b" ", b"x", b"}" * 100, b"\0" * 9000):
        entry, answer = create_with(bench.path, lambda size: size, extra=extra)
        all_or_nothing(bench.path, entry, answer.status, (201, 400))
    for less in (1, 2, 30):
        entry, answer = create_with(bench.path, lambda size: size - less)
        equal(answer.status, 400, f"CONTENT_LENGTH {less} too small")
        absent(bench.path, entry)


@case
def length_absent(bench):
    """CONTENT_LENGTH absent or empty with a body: all or nothing is done"""
    for length in (None, ""):
        entry, answer = create_with(bench.path, length)
        all_or_nothing(bench.path, entry, answer.status, (201, 400))


@case
def length_garbage(bench):
    """CONTENT_LENGTH negative, 2^31 to 2^64 and beyond, or garbage: 400 or 413 and nothing done"""
    wrong = ["-1", "-0", "+5", str(2**31), str(2**32), str(2**32 + 120), str(2**63 - 1), str(2**63), str(2**64),
             str(2**64 + 120), "9" * 40, "x", "0x7f", "1e3", "12 13", "12,13", " ", "12x", "1.5", "\xb2".encode()]
    for length in wrong:
        entry, answer = create_with(bench.path, length)
        if answer.status not in (400, 413):
            raise AssertionError(f"CONTENT_LENGTH {length!r}: {answer}")
        absent(bench.path, entry)


@case
def length_wrong_kept(bench):
    """kept connection: after a wrong CONTENT_LENGTH the next request is answered rightly or not at all"""
    for length in (0, 1, 50, 10**6, None, "-1", "x", str(2**63)):
        with Connection(bench.path) as connection:
            connection.send(request("POST", "/org/create", organization("Kept"), keep=True, name="one",
                                    content_length=length))
            equal(connection.answer().name, "one", "first answer")
            answer = connection.call(name="two")
            if answer is not None:
                equal((answer.name, answer.status), ("two", 200), f"after CONTENT_LENGTH {length}")


def send_while_read(connection, data, seconds):
    """Sends as much as is taken until an answer or the end comes; the number of bytes taken."""
    connection.socket.setblocking(False)
    sent, end = 0, time.monotonic() + seconds
    while sent < len(data) and time.monotonic() < end:
        try:
            sent += connection.socket.send(data[sent:sent + 65536])
        except BlockingIOError:
            time.sleep(0.005)
        except (BrokenPipeError, ConnectionResetError):
            break
    connection.socket.settimeout(10)
    return sent


@case
def body_over_limit(_):
    """a body far over ORGD_MAX_BODY: 413 can be read, at most that much is drained, then it is closed"""
    with running({"ORGD_MAX_BODY": "65536", "ORGD_TEST_RECEIVE_SECONDS": "1"}) as orgd:
        data = request("POST", "/org/create", b"x" * 20_000_000, keep=True)
        with Connection(orgd.socket_path) as connection:
            sent = send_while_read(connection, data, 10)
            equal(connection.answer().status, 413)
            equal(connection.record(), None, "after the answer")
            if sent > 2_000_000:
                raise AssertionError(f"{sent} bytes were taken")
        healthy(orgd.socket_path)


@case
def body_over_limit_sent_first(bench):
    """a client that sends a too large body before it reads still finds the 413"""
    for size in (65537, 65536 + 8192, 150_000, 1_000_000):
        with Connection(bench.path) as connection:
            connection.send(request("POST", "/org/create", b"x" * size, keep=True))
            answer = connection.answer()
            equal(answer and answer.status, 413, f"{size} bytes")


@case
def body_over_limit_unsent(bench):
    """a too large CONTENT_LENGTH of which only a part comes is answered 413, or the connection closed"""
    for size in (30_000, 70_000):
        with Connection(bench.path, 15) as connection:
            whole = request("POST", "/org/create", b"x" * size, keep=True, content_length=10**9)
            connection.send(whole[:-8])
            connection.finish()
            answers = connection.answers()
            if [answer.status for answer in answers] not in ([], [413]):
                raise AssertionError(f"answers {answers}")
    healthy(bench.path)


@case
def aborted(bench):
    """an ABORT record, at any point of a request: nothing is done, the process serves on"""
    for keep in (False, True):
        entry = organization("Aborted")
        whole = request("POST", "/org/create", entry, keep=keep)
        body = fastcgi.to_bytes(entry)
        parts = len(whole) - len(fastcgi.stream(fastcgi.STDIN, body))
        partial = whole[:parts] + record(fastcgi.STDIN, body[:30])
        for start in (whole[:16], whole[:parts], partial, whole[:-8]):
            with Connection(bench.path) as connection:
                connection.send(start + record(fastcgi.ABORT))
                connection.finish()
                for answer in connection.answers():
                    if answer.status == 201:
                        raise AssertionError(f"aborted but {answer}")
            absent(bench.path, entry)
    bench.whole()


@case
def aborted_alone(bench):
    """an ABORT for no request, or for another number, does no harm"""
    for number in (0, 1, 2, 65535):
        with Connection(bench.path) as connection:
            connection.send(record(fastcgi.ABORT, number=number))
            answer = connection.call(keep=False, name="after")
            if answer is not None and answer.raw:
                equal((answer.name, answer.status), ("after", 200))
    bench.whole()


@case
def split_at_every_byte(bench):
    """a request that comes in two parts, cut at every byte, is answered (on one kept connection)"""
    whole = short_request("/healthz", keep=True, name="cut")
    with Connection(bench.path) as connection:
        for cut in range(1, len(whole)):
            connection.send(whole[:cut])
            time.sleep(0.002)
            connection.send(whole[cut:])
            answer = connection.answer()
            equal((answer.status, answer.name) if answer else None, (200, "cut"), f"cut at {cut}")


def send_in_pieces(connection, data, size, pause):
    """Each piece is a write of its own (with a time limit Python would wait until the buffer is almost empty)."""
    connection.socket.settimeout(None)
    for start in range(0, len(data), size):
        connection.send(data[start:start + size])
        time.sleep(pause)
    connection.socket.settimeout(10)


@case
def byte_by_byte(bench):
    """a short request whose every byte comes alone is answered"""
    for _ in range(3):
        with Connection(bench.path) as connection:
            send_in_pieces(connection, short_request(), 1, 0.001)
            answer = connection.answer()
            equal(answer and answer.status, 200)


@case
def bytes_by_few(bench):
    """a login that comes in pieces of a few bytes is answered"""
    whole = short_request("/admin/login", method="POST", body=fastcgi.to_bytes(credentials(created(bench.path))))
    for size in (3, 5, 8):
        with Connection(bench.path) as connection:
            send_in_pieces(connection, whole, size, 0.001)
            answer = connection.answer()
            equal(answer and answer.status, 200, f"pieces of {size}")


@case
def body_in_pieces(bench):
    """a body whose records are sent with pauses between and inside them is read whole"""
    for size in (200, 60000, 65536):
        entry = organization("Pieces")
        body = fastcgi.to_bytes(entry).ljust(size)
        whole = request("POST", "/org/create", body, piece=size // 3)
        with Connection(bench.path) as connection:
            send_in_pieces(connection, whole, len(whole) // 7, 0.02)
            equal(connection.answer().status, 201, f"{size} bytes")


@case
def large_body_in_pieces(_):
    """a body over 64 KiB that ORGD_MAX_BODY allows is read whole, in one go and with pauses"""
    with running({"ORGD_MAX_BODY": "1000000"}) as orgd:
        for size in (65537, 200_000, 999_999, 1_000_000):
            entry = organization("Long")
            body = fastcgi.to_bytes(entry).ljust(size)
            whole = request("POST", "/org/create", body, keep=True, piece=65535 if size % 2 else 8000)
            with Connection(orgd.socket_path) as connection:
                send_in_pieces(connection, whole, 60000, 0.005 if size % 2 else 0)
                equal(connection.answer().status, 201, f"{size} bytes")
                answer = connection.call(name="next")
                if answer is not None:
                    equal((answer.status, answer.name), (200, "next"), "the next answer")
            equal(lookup(orgd.socket_path, entry["organization_name"]), 200)


@case
def many_parameters(bench):
    """parameters of 8 KiB, empty ones, and in records of one byte are read"""
    params = {f"HTTP_X_FILL_{number}": "v" * 100 for number in range(80)}
    params.update({"HTTP_X_EMPTY": "", "HTTP_X_LONG": "w" * 300})
    equal(fastcgi.call(bench.path, params=params).status, 200, "many parameters")
    values = fastcgi.encode(fastcgi.parameters("GET", "/healthz"))
    with Connection(bench.path) as connection:
        connection.send(fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, values, piece=1)
                        + record(fastcgi.STDIN))
        equal(connection.answer().status, 200, "one byte a record")


@case
def client_gone(bench):
    """200 clients that go before they read their answer: the process serves on, each create is whole or absent"""
    entries = []
    for number in range(200):
        with Connection(bench.path) as connection:
            if number % 4:
                connection.send(request(keep=bool(number % 2)))
            else:
                entries.append(organization("Gone"))
                connection.send(request("POST", "/org/create", entries[-1], keep=bool(number % 8)))
            if number % 3 == 0:
                connection.socket.shutdown(socket.SHUT_RD)
    bench.whole()
    for entry in entries:
        answer = insist(bench.path, "POST", "/org/create", entry)
        equal(answer.status in (201, 409), True, f"create again ({answer})")
        equal(fastcgi.call(bench.path, "POST", "/admin/login", credentials(entry)).status, 200, "login")


@case
def client_half_closed(bench):
    """a client that has shut down its sending side still gets its answer"""
    for _ in range(20):
        with Connection(bench.path) as connection:
            connection.send(request(keep=True, name="half"))
            connection.finish()
            equal([answer.name for answer in connection.answers()], ["half"], "answers")
