# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: a body that consists of FastCGI records is never taken for a request."""
import time

import fastcgi
from fastcgi import Connection, request
from fcgi_support import absent, organization, running
from tap import case, equal

LIMIT = 65536


class Smuggled:
    """A whole request to be hidden in a body; it gives itself away by its id or by what it makes."""

    def __init__(self):
        self.entry = organization("Smuggled")
        self.request = request("POST", "/org/create", self.entry, keep=True, name="smuggled",
                               params={"REMOTE_ADDR": "10.1.2.3", "SERVER_NAME": None, "HTTP_HOST": None})

    def body(self, offset, size, start=b""):
        """A body of at least that size that is nothing but copies of it, from an offset on.

        Whatever part of it is dropped unread, with one of the offsets a copy begins right behind it.
        """
        return start + b"x" * offset + self.request * (size // len(self.request) + 1)

    def never_ran(self, address):
        absent(address, self.entry)


def only_what_was_sent(address, data, what):
    """Sends a request and then an honest one; returns the first answer; no third one comes."""
    with Connection(address) as connection:
        connection.send(data)
        first = connection.answer()
        connection.send(request(keep=True, name="probe"))
        connection.finish()
        rest = [answer.name for answer in connection.answers()]
        if first is not None and first.name != "sent" or rest not in ([], ["probe"]):
            raise AssertionError(f"{what}: answers {first} and {rest}")
        return first


def refusal(name, wanted, method, uri, content_type="application/json", size=17000):
    """Registers one case: a request that is refused early, in all the shapes of its body."""

    def send(path, body, piece, what, **about):
        data = request(method, uri, body, keep=True, piece=piece, name="sent", content_type=content_type, **about)
        return only_what_was_sent(path, data, f"{name}, {what}")

    def every_offset(path, smuggled):
        for offset in range(len(smuggled.request)):
            for least, piece in ((0, (8, offset + 1)[offset % 2]), (size, 65535)):
                if least or wanted != 413:
                    answer = send(path, smuggled.body(offset, least), piece, f"offset {offset}")
                    equal(answer and answer.status, wanted, f"status at offset {offset}")

    def every_lie(path, smuggled):
        for offset in (0, 1, 7, 8, 16, 100, 8184, 8192):
            body = smuggled.body(offset, 600)
            pieces = (65535, offset or 24, 8)
            lengths = (0, 1, offset, len(body) - 1, len(body) + 1, len(body) + len(smuggled.request), 10**7,
                       None, "", "-1", "+5", " 3", str(2**63), "x")
            for number, lies in enumerate(lengths):
                send(path, body, pieces[number % 3], f"offset {offset}, CONTENT_LENGTH {lies!r}", content_length=lies)

    def run(bench):
        smuggled = Smuggled()
        every_offset(bench.path, smuggled)
        every_lie(bench.path, smuggled)
        smuggled.never_ran(bench.path)
        bench.whole()

    run.__name__ = "smuggle_" + name.split()[0]
    run.__doc__ = f"{name}: its body of FastCGI records runs no second request, at any offset, with any CONTENT_LENGTH"
    case(run)


refusal("401", 401, "PUT", "/org/update")
refusal("404", 404, "POST", "/nope")
refusal("405", 405, "PATCH", "/org/create")
refusal("413", 413, "POST", "/org/create", size=LIMIT)
refusal("415", 415, "POST", "/org/create", content_type="text/plain")
refusal("400", 400, "POST", "/org/create")
refusal("200 of a GET with a body", 200, "GET", "/healthz")


@case
def smuggle_422(bench):
    """422: records behind a JSON body, past CONTENT_LENGTH, run no second request at any offset"""
    smuggled = Smuggled()
    start = b'{"email": 1}'
    for offset in range(len(smuggled.request)):
        body = smuggled.body(0, 17000, start + b" " * offset)
        length = len(start) + (offset if offset % 2 else 0)
        piece = (65535, length)[offset % 4 == 1]
        data = request("POST", "/org/create", body, keep=True, piece=piece, name="sent", content_length=length)
        answer = only_what_was_sent(bench.path, data, f"offset {offset}")
        if answer is None or answer.status not in (400, 422):
            raise AssertionError(f"offset {offset}: {answer}, wanted 422 or 400")
    smuggled.never_ran(bench.path)
    bench.whole()


@case
def smuggle_large(_):
    """401, 404, 415: bodies of records larger than 64 KiB, though allowed, run no second request"""
    with running({"ORGD_MAX_BODY": "300000"}) as orgd:
        smuggled = Smuggled()
        for offset in range(len(smuggled.request)):
            method, uri, status = (("PUT", "/org/update", 401), ("POST", "/nope", 404),
                                   ("POST", "/org/create", 415))[offset % 3]
            data = request(method, uri, smuggled.body(offset, 140000), keep=True, piece=65535, name="sent",
                           content_type="text/plain")
            answer = only_what_was_sent(orgd.socket_path, data, f"{status}, offset {offset}")
            equal(answer and answer.status, status, f"status at offset {offset}")
        smuggled.never_ran(orgd.socket_path)


@case
def smuggle_late(_):
    """a body whose rest arrives after its refusal runs no second request"""
    with running({"ORGD_MAX_BODY": "300000", "ORGD_TEST_RECEIVE_SECONDS": "2"}) as orgd:
        for method, uri in (("PUT", "/org/update"), ("POST", "/nope"), ("POST", "/org/create")):
            smuggled = Smuggled()
            body, extra = b"x" * 160000, len(smuggled.request) * (method == "PUT")
            data = request(method, uri, body, keep=True, name="sent", piece=20000, content_length=160000 + extra)
            with Connection(orgd.socket_path) as connection:
                connection.send(data[:-8])
                time.sleep(0.2)
                connection.send(fastcgi.record(fastcgi.STDIN, smuggled.request) + data[-8:])
                connection.send(request(keep=True, name="probe"))
                connection.finish()
                names = [answer.name for answer in connection.answers()]
                if names not in ([], ["sent"], ["sent", "probe"]):
                    raise AssertionError(f"answers {names}")
            smuggled.never_ran(orgd.socket_path)


@case
def smuggle_past_drain(_):
    """records right behind the part of a body that is drained run no second request"""
    limit = 4096
    with running({"ORGD_MAX_BODY": str(limit)}) as orgd:
        smuggled = Smuggled()
        for near in (0, limit, 2 * limit, 8192, 65536 - 1024):
            for shift in range(-20, 21, 1 if near == limit else 4):
                offset = max(near + shift, 0)
                body = smuggled.body(offset, 2 * limit)
                for piece in (offset or 65535, limit):
                    data = request("POST", "/org/create", body, keep=True, piece=piece, name="sent")
                    answer = only_what_was_sent(orgd.socket_path, data, f"offset {offset}")
                    equal(answer and answer.status, 413, f"status at offset {offset}")
        smuggled.never_ran(orgd.socket_path)


@case
def smuggle_elsewhere(bench):
    """records hidden in parameters and in padding run no second request"""
    smuggled = Smuggled()
    for offset in range(9):
        hidden = b"x" * offset + smuggled.request
        data = request(keep=True, name="sent", params={"HTTP_X_HIDDEN": hidden, "QUERY_STRING": hidden})
        answer = only_what_was_sent(bench.path, data, f"parameter, offset {offset}")
        equal(answer and answer.status, 200, "status")
        end = fastcgi.record(fastcgi.STDIN)
        padded = bytes([1, fastcgi.STDIN, 0, 1, 0, 0, 248, 0]) + hidden[:248].ljust(248, b"\0")
        data = request(keep=True, name="sent")[:-len(end)] + padded
        only_what_was_sent(bench.path, data, f"padding, offset {offset}")
    smuggled.never_ran(bench.path)
    bench.whole()


@case
def smuggle_in_last_padding(bench):
    """a request hidden in the padding of the last record of a body does not run, wherever that record ends"""
    hidden = fastcgi.short_request(name="smuggled", keep=True)
    last = bytes([1, fastcgi.STDIN, 0, 1, 0, 0, len(hidden), 0])
    for edge in (8192, 16384, 24576, 32768, 65536):
        for shift in (*range(-9, 10), 16, 24):
            head = request("POST", "/nope", b"", keep=True, name="sent", content_length="00000000")[:-8]
            size = edge + shift - len(head) - 16
            head = request("POST", "/nope", b"", keep=True, name="sent", content_length=f"{size:08}")[:-8]
            data = head + fastcgi.record(fastcgi.STDIN, b"x" * size, padding=0) + last
            equal(len(data), edge + shift, "bytes before the padding")
            only_what_was_sent(bench.path, data + hidden, f"last record ends at {len(data)}")
    bench.whole()


@case
def smuggle_in_late_padding(bench):
    """a request in the padding of a body's last record does not run when it arrives after the answer either

    This is so as long as orgd sees the whole request before it serves it. Padding is the web server's own:
    what hides there comes from one that may send requests anyway.
    """
    hidden = fastcgi.short_request(name="smuggled", keep=True)
    last = bytes([1, fastcgi.STDIN, 0, 1, 0, 0, len(hidden), 0])
    for size in (100, 8000, 15000):
        with Connection(bench.path) as connection:
            connection.send(request("POST", "/nope", b"x" * size, keep=True, name="sent")[:-8] + last)
            connection.socket.settimeout(0.3)
            try:
                first = connection.answer()
            except TimeoutError:
                first = None
            connection.socket.settimeout(10)
            connection.send(hidden + request(keep=True, name="probe"))
            connection.finish()
            names = [answer.name for answer in ([first] if first else []) + connection.answers()]
            if names not in (["sent"], ["sent", "probe"]):
                raise AssertionError(f"body of {size}: answers {names}")
    bench.whole()
