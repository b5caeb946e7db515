# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: peers that send rubbish. Whatever comes, the process lives and nothing is done by halves."""
import os
import random
import resource
import struct

import fastcgi
from fastcgi import Connection, begin, pair, record, request, stream, throw
from fcgi_support import absent, organization
from tap import case, equal

SEED = int(os.environ.get("ORGD_TEST_SEED", "20260101"))


@case
def garbage(bench):
    """bytes that are not FastCGI end the connection, nothing else"""
    rubbish = [b"\0" * 8, b"\xff" * 8, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\1" * 300, b"\0",
               b"{}", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\1\1\0\1\0\0\0\0", b"A" * 100_000]
    for data, answers in zip(rubbish, throw(bench.path, *rubbish)):
        equal(answers, [], f"answers to {data[:20]!r}")
    for data, answers in zip(rubbish, throw(bench.path, *(request(keep=True, name="good") + data for data in rubbish))):
        equal([answer.name for answer in answers], ["good"], f"answers to a request and {data[:20]!r}")
    bench.whole()


@case
def wrong_version(bench):
    """a record of another version than 1, in any place: the request does not run"""
    for version in (0, 2, 127, 255):
        entry = organization("Version")
        whole = request("POST", "/org/create", entry)
        at = 0
        while at < len(whole):
            equal(throw(bench.path, whole[:at] + bytes([version]) + whole[at + 1:]), [[]], "answers")
            at += 8 + int.from_bytes(whole[at + 4:at + 6], "big") + whole[at + 6]
        absent(bench.path, entry)
    bench.whole()


@case
def wrong_role(bench):
    """another role than responder: no request runs"""
    for role in (0, 2, 3, 4, 99, 65535):
        entry = organization("Role")
        for answer in throw(bench.path, request("POST", "/org/create", entry, role=role))[0]:
            if answer.protocol_status == fastcgi.REQUEST_COMPLETE and answer.status < 400:
                raise AssertionError(f"role {role}: {answer}")
        absent(bench.path, entry)
    bench.whole()


@case
def wrong_order(bench):
    """records missing, doubled, out of order or of unknown type: nothing is done by halves"""
    entry = organization("Order")
    body = fastcgi.to_bytes(entry)
    values = fastcgi.encode(fastcgi.parameters("POST", "/org/create", fastcgi.headers(body)))
    first, params, data = begin(), stream(fastcgi.PARAMS, values), stream(fastcgi.STDIN, body)
    no_end = params[:-8]
    wrong = [params + data, data, first + data, first + data + params, first + first + data, first + no_end + data,
             first + params[-8:] + data, data + first + params, record(fastcgi.BEGIN, b"\0\1") + params + data,
             record(fastcgi.BEGIN, b"") + params + data, begin(number=2) + params + data,
             begin(number=0) + params + data, first + stream(fastcgi.PARAMS, values[:-7]) + data,
             record(fastcgi.STDOUT, b"Status: 200 OK\r\n\r\n"), record(fastcgi.END, bytes(8))]
    wrong += [record(kind, b"x" * 20) + first + params + data for kind in (0, 9, 11, 12, 200, 255)]
    wrong += [first + record(kind, b"x" * 20) + params for kind in (0, 9, 11, 12, 200, 255)]
    for what, answers in zip(wrong, throw(bench.path, *wrong)):
        if any(answer.protocol_status == fastcgi.REQUEST_COMPLETE and answer.status == 201 for answer in answers):
            raise AssertionError(f"{what[:60]!r}: {answers}")
    absent(bench.path, entry)
    bench.whole()


def long(value):
    return struct.pack("!I", value & 0xffffffff)


@case
def huge_lengths(bench):
    """parameter lengths near 2^31 and 2^32 (CVE-2025-23016) and beyond the record: the process lives"""
    top = 0x80000000
    sizes = [top | n for n in (0, 1, 127, 0x10000, 0x3fffffff, 0x40000000, 0x7fff0000, 0x7fffffdf, 0x7fffffe0,
                               0x7ffffff0, 0x7ffffff8, 0x7ffffffd, 0x7ffffffe, 0x7fffffff)]
    lengths = [b"\0", b"\1", b"\x10", b"\x20", b"\x7f"] + [long(size) for size in sizes]
    for name in lengths:
        for value in lengths:
            for rest in (b"", b"A" * 40):
                content = name + value + rest
                throw(bench.path, begin() + record(fastcgi.PARAMS, content) + record(fastcgi.PARAMS)
                      + record(fastcgi.STDIN))
    bench.whole()
    cuts = [(long(top | 300) + long(top | 5))[:cut] for cut in range(1, 9)]
    throw(bench.path, *(begin() + stream(fastcgi.PARAMS, content) + record(fastcgi.STDIN) for content in cuts))
    bench.whole()


@case
def many_megabytes_of_parameters(bench):
    """parameters without end do not fill the memory: the connection ends, the process lives"""
    with Connection(bench.path) as connection:
        connection.socket.settimeout(None)
        connection.send(begin())
        piece = record(fastcgi.PARAMS, pair("HTTP_X", b"y" * 30000) * 2)
        for _ in range(400):
            if not connection.send(piece):
                break
    with open(f"/proc/{bench.orgd.pid}/statm") as file:
        megabytes = int(file.read().split()[1]) * resource.getpagesize() / 1e6
    if megabytes > 600:
        raise AssertionError(f"{megabytes} MB resident")
    bench.whole()


@case
def odd_parameters(bench):
    """NUL, control characters, no method, no URI, doubled names: answered, never misread"""
    odd = [{"REQUEST_METHOD": None}, {"REQUEST_URI": None}, {"REQUEST_METHOD": "", "REQUEST_URI": ""},
           {"REQUEST_METHOD": None, "REQUEST_URI": None}, {"REQUEST_URI": b"/healthz\0/x"},
           {"REQUEST_METHOD": b"GE\0T"}, {"REQUEST_URI": b"/\r\nX: y"}, {"REQUEST_URI": "/" + "a" * 60000},
           {"REQUEST_METHOD": "G" * 60000}, {"HTTP_X_REQUEST_ID": b"a\r\nSet-Cookie: b"},
           {"HTTP_X_REQUEST_ID": "r" * 70000}, {"": ""}, {"": "x"}, {"A=B": "x"}]
    for params, answers in zip(odd, throw(bench.path, *(request(keep=True, params=params) for params in odd))):
        for answer in answers:
            if "set-cookie" in answer.headers or "x" in answer.headers:
                raise AssertionError(f"{params}: {answer.headers}")
            if answer.raw and not 200 <= answer.status < 500:
                raise AssertionError(f"{params}: {answer}")
    values = fastcgi.encode(fastcgi.parameters("GET", "/healthz"))
    doubled = values + pair("REQUEST_URI", "/nope") + pair("REQUEST_METHOD", "PUT")
    answers, = throw(bench.path, begin() + stream(fastcgi.PARAMS, doubled) + record(fastcgi.STDIN))
    equal([answer.status for answer in answers], [200], "answers to doubled names: the first counts")
    bench.whole()


@case
def random_bytes(bench):
    """600 connections with random bytes and mutated requests (seed in ORGD_TEST_SEED): the process lives"""
    chance = random.Random(SEED)
    victim = organization("Random")
    whole = request("POST", "/org/create", dict(victim, password="short"), keep=True)
    for number in range(600):
        if number % 4 == 0:
            data = chance.randbytes(chance.randrange(1, 400))
        else:
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            if number % 4 == 1:
                del data[chance.randrange(len(data)):]
        with Connection(bench.path) as connection:
            connection.send(bytes(data))
    bench.whole()


@case
def get_values(bench):
    """FCGI_GET_VALUES is answered or the connection closed; requests after it are not misread"""
    query = record(fastcgi.GET_VALUES, pair("FCGI_MAX_CONNS", "") + pair("FCGI_MPXS_CONNS", ""), number=0)
    with Connection(bench.path) as connection:
        connection.send(query)
        got = connection.record()
        if got is not None:
            equal(got[0], fastcgi.GET_VALUES_RESULT, "record type")
            answer = connection.call(name="after")
            equal((answer.name, answer.status) if answer else None, ("after", 200))
    bench.whole()
