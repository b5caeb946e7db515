# SPDX-License-Identifier: Apache-2.0
"""What nginx answers by itself has the same shape as what orgd answers."""
import json
import os
import socket
import threading
import time

import tap
from promises import expect, must
from stack import PASSWORD, Stack, fresh_email, run
from tap import case, equal

CLOSE = b"Host: localhost\r\nConnection: close\r\n"
LOGIN = b"POST /admin/login HTTP/1.1\r\n" + CLOSE + b"Content-Type: application/json\r\n"
RAW = [
    ("no request line", 400, b"hello\r\n\r\n"),
    ("a lower-case method", 400, b"get / HTTP/1.1\r\n" + CLOSE + b"\r\n"),
    ("no Host", 400, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ("two Hosts", 400, b"GET /healthz HTTP/1.1\r\nHost: b\r\n" + CLOSE + b"\r\n"),
    ("a NUL in a header", 400, b"GET /healthz HTTP/1.1\r\n" + CLOSE + b"X: a\x00b\r\n\r\n"),
    ("a NUL in the path", 400, b"GET /a%00b HTTP/1.1\r\n" + CLOSE + b"\r\n"),
    ("above the root", 400, b"GET /../x HTTP/1.1\r\n" + CLOSE + b"\r\n"),
    ("a header of 20 KB", 400, b"GET /healthz HTTP/1.1\r\n" + CLOSE + b"X: " + b"x" * 20000 + b"\r\n\r\n"),
    ("a URI of 20 KB", 414, b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n" + CLOSE + b"\r\n"),
    ("TRACE", 405, b"TRACE / HTTP/1.1\r\n" + CLOSE + b"\r\n"),
    ("two Content-Lengths", 400, LOGIN + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    ("different Content-Lengths", 400, LOGIN + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
    ("length and chunks", 400, LOGIN + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    ("a negative length", 400, LOGIN + b"Content-Length: -1\r\n\r\n"),
    ("a length of 2^63", 400, LOGIN + b"Content-Length: 9223372036854775808\r\n\r\n"),
    ("a length in words", 400, LOGIN + b"Content-Length: two\r\n\r\n{}"),
    ("an unknown transfer coding", 501, LOGIN + b"Transfer-Encoding: gzip\r\n\r\n"),
    ("a broken chunk", 400, LOGIN + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    ("two Authorizations", 400, b"DELETE /org/delete HTTP/1.1\r\n" + CLOSE
     + b"Authorization: Bearer x\r\nAuthorization: Bearer y\r\n\r\n"),
    ("HTTP/2.0", 505, b"GET / HTTP/2.0\r\n" + CLOSE + b"\r\n"),
    ("HTTP/3.7", 505, b"GET / HTTP/3.7\r\n" + CLOSE + b"\r\n"),
]


@case
def malformed_requests(stack):
    """requests that nginx refuses are problem documents with a request id"""
    wrong = []
    for title, status, data in RAW:
        answer = stack.raw(data)
        if answer.status != status:
            wrong.append(f"{title}: {answer.status}, wanted {status}")
    equal(wrong, [], "other answers")


@case
def bodies_beyond_the_limit(stack):
    """a body that nginx refuses is 413 body_too_large, with a length and in chunks, and keeps the request id"""
    big = b'{"x":"' + b"x" * 70000 + b'"}'
    for method, path in (("POST", "/org/create"), ("POST", "/admin/login"), ("PUT", "/org/update"),
                         ("GET", "/healthz")):
        answer = stack.call(method, path, body=big, headers={"X-Request-Id": "big-1"})
        expect(answer, 413, "body_too_large")
    chunk = b"%x\r\n%s\r\n" % (30000, b"x" * 30000)
    answer = stack.raw(LOGIN + b"X-Request-Id: big-2\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 3 + b"0\r\n\r\n")
    equal(expect(answer, 413, "body_too_large").header("X-Request-Id"), "big-2", "X-Request-Id")


@case
def the_largest_body(stack):
    """a body of exactly the default limit of 65536 bytes passes nginx and orgd"""
    tenant = stack.tenant("Largest")
    body = json.dumps({"email": tenant.email, "password": PASSWORD}).encode()
    expect(stack.call("POST", "/admin/login", body=body.ljust(65536)), 200)
    expect(stack.call("POST", "/admin/login", body=body.ljust(65537)), 413, "body_too_large")


@case
def slow_and_broken_off_bodies(stack):
    """clients that stop in the middle of a request change nothing and hold no worker"""
    tenant = stack.tenant("Slow")
    body = json.dumps({"organization_name": "Never renamed"}).encode()
    head = (f"PUT /org/update HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tenant.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    open_ones = []
    for number in range(100):
        connection = socket.create_connection(("127.0.0.1", stack.nginx.port), 10)
        connection.sendall((head + body)[:-1 - number % len(body)])
        open_ones.append(connection)
    equal(expect(stack.get(tenant.name), 200).json, tenant.org, "the organization")
    for connection in open_ones:
        connection.close()
    expect(stack.get("Never renamed"), 404)
    expect(stack.get(tenant.name), 200)


@case
def kept_connections(stack):
    """many requests on one connection each get their own answer and id"""
    tenant = stack.tenant("Kept")
    request = f"GET /org/get?slug={tenant.org['slug']} HTTP/1.1\r\nHost: x\r\n".encode()
    with socket.create_connection(("127.0.0.1", stack.nginx.port), 10) as connection:
        connection.sendall((request + b"\r\n") * 20 + request + b"Connection: close\r\n\r\n")
        data = b""
        while part := connection.recv(65536):
            data += part
    equal(data.count(b"HTTP/1.1 200 "), 21, "number of answers")
    equal(len({line for line in data.split(b"\r\n") if line.lower().startswith(b"x-request-id:")}), 21, "ids")


@case
def bodies_of_many_sizes_on_kept_connections(stack):
    """large bodies, also those that nobody reads, leave nginx's kept connections to orgd in order"""
    tenant = stack.tenant("Sizes")
    body = json.dumps({"email": tenant.email, "password": PASSWORD}).encode()
    for number in range(40):
        size = (65536, 32768, 16384, 1024)[number % 4] - number // 4
        expect(stack.call("POST", "/admin/login", body=body.ljust(size)), 200)
        expect(stack.call("GET", "/healthz"), 200)
        expect(stack.call("PUT", "/org/update", body=body.ljust(size)), 401, "unauthenticated")
        expect(stack.get(tenant.name), 200)


@case
def headers_of_the_client_are_harmless(stack):
    """headers that look like FastCGI parameters, proxies or method overrides change nothing"""
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"Proxy": "http://127.0.0.1:1/"}, {"Content_Length": "5"},
                    {"X-Original-URL": "/org/delete"}, {"Request-Uri": "/nowhere"}, {"Expect": "nonsense"},
                    {"Connection": "Authorization"}, {"Accept": "text/html"}, {"Range": "bytes=0-1"},
                    {"If-None-Match": "*"}, {"Cookie": "x" * 3000}, {"X": "\xff\xfe"}):
        expect(stack.call("GET", "/healthz", headers=headers), 200)


@case
def metrics_are_for_loopback(stack):
    """nginx passes /metrics on from loopback; whether it answers is orgd's matter"""
    expect(stack.call("GET", "/metrics"), 404, "not_found")


@case
def restarts_are_hardly_seen(_):
    """over restarts on one kept socket, as systemd has it, busy clients lose at most what meets the close itself

    nginx may send a request on a kept connection in the moment in which orgd closes it: FastCGI has
    no way to announce that. So at most one request of each client and restart is answered 502.
    """
    with Stack() as stack:
        tenant = stack.tenant("Busy")
        clients, restarts = 4, 4
        done, faults, good = threading.Event(), [], []

        def ask(number):
            while not done.is_set():
                answer = tenant.update(organization_name=tenant.name) if number % 2 else stack.get(tenant.name)
                (good if answer.status == 200 else faults).append(answer)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(restarts):
                time.sleep(0.1)
                stack.restart()
        finally:
            done.set()
            for thread in threads:
                thread.join()
        equal({answer.status for answer in faults} - {502}, set(), "other statuses")
        must(len(faults) <= clients * restarts and len(good) > 5 * len(faults), "too many were lost", faults)


@case
def orgd_is_down(_):
    """while orgd is down nginx answers 502 in the same shape and with the caller's id, and all is well afterwards"""
    with Stack() as stack:
        tenant = stack.tenant("Down")
        equal(stack.orgd.terminate(), 0, "exit status")
        stack.orgd.close()
        os.unlink(stack.orgd.socket_path)
        for method, path in (("GET", "/healthz"), ("POST", "/org/create"), ("DELETE", "/org/delete")):
            answer = stack.call(method, path, headers={"X-Request-Id": "down-1"})
            equal(answer.status, 502, f"{method} {path}")
        stack.orgd.start()
        expect(stack.get(tenant.name), 200)
        must(tenant.alive(), "the token died", tenant.name)


def limit_logins(directory):
    """Takes away the # of the login limit, as the configuration's own comments say."""
    for name in ("orgd-http.conf", "orgd.conf"):
        path = os.path.join(directory, "nginx", name)
        with open(path) as file:
            lines = file.read().split("\n")
        inside = False
        for number, line in enumerate(lines):
            text = line.strip()
            if text.startswith("#limit_req_zone") or text.startswith("#location ~ /admin/login"):
                inside = True
            if inside and text.startswith("#"):
                lines[number] = line.replace("#", "", 1)
            inside = inside and text not in ("#}", "")
        with open(path, "w") as file:
            file.write("\n".join(lines))


@case
def the_login_limit(_):
    """with the login limit of the shipped configuration turned on, the surplus is 429 with Retry-After; reads go on"""
    with Stack(edit=limit_logins) as stack:
        email = fresh_email()
        answers = [stack.try_login(email) for _ in range(12)]
        equal({answer.status for answer in answers}, {401, 429}, "statuses")
        equal(answers[0].status, 401, "the first")
        expect(stack.call("GET", "/healthz"), 200)


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
