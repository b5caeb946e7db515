# SPDX-License-Identifier: Apache-2.0
"""A raw FastCGI client: records are made by hand, so that tests can send what no web server would."""
import contextlib
import json
import socket
import struct
import time

(BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA,
 GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE) = range(1, 12)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
REQUEST_COMPLETE, CANT_MPX_CONN, OVERLOADED, UNKNOWN_ROLE = range(4)
HONEST = object()
PIECE = 32768


class Broken(Exception):
    """What came is not well-formed FastCGI, or ended in the middle of an answer."""


def record(kind, content=b"", number=1, padding=None, version=1):
    """One record; padded to eight bytes, as nginx does, unless told."""
    padding = -len(content) % 8 if padding is None else padding
    return struct.pack("!BBHHBx", version, kind, number, len(content), padding) + content + bytes(padding)


def stream(kind, content, number=1, piece=PIECE):
    """Records of at most `piece` content bytes each, and the empty one that ends the stream."""
    cuts = range(0, len(content), piece)
    return b"".join(record(kind, content[i:i + piece], number) for i in cuts) + record(kind, b"", number)


def begin(role=RESPONDER, keep=False, number=1):
    return record(BEGIN, struct.pack("!HB5x", role, 1 if keep else 0), number)


def length(number):
    return bytes([number]) if number < 128 else struct.pack("!I", number | 0x80000000)


def pair(name, value):
    name, value = name.encode(), value if isinstance(value, bytes) else str(value).encode()
    return length(len(name)) + length(len(value)) + name + value


def parameters(method, uri, extra=None):
    """The parameters a web server sends; `extra` adds to them, or removes with None."""
    path, _, query = uri.partition("?")
    values = {
        "QUERY_STRING": query, "REQUEST_METHOD": method, "REQUEST_URI": uri, "SCRIPT_NAME": path,
        "DOCUMENT_URI": path, "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_SCHEME": "http",
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "nginx/1.22.1", "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "40000", "SERVER_ADDR": "127.0.0.1", "SERVER_PORT": "5000",
        "SERVER_NAME": "localhost", "HTTP_HOST": "localhost",
    }
    values.update(extra or {})
    return {name: value for name, value in values.items() if value is not None}


def encode(values):
    return b"".join(pair(name, value) for name, value in values.items())


def to_bytes(body):
    """bytes as they are, None as nothing, anything else as JSON."""
    if body is None or isinstance(body, bytes):
        return body or b""
    return json.dumps(body).encode()


def headers(body, content_length=HONEST, content_type="application/json", token=None, name=None):
    """Parameters that depend on the body and on who asks; `name` becomes the request id."""
    extra = {}
    if content_length is HONEST:
        extra["CONTENT_LENGTH"] = len(body) if body else ""
    elif content_length is not None:
        extra["CONTENT_LENGTH"] = content_length
    if body and content_type:
        extra["CONTENT_TYPE"] = content_type
    if token:
        extra["HTTP_AUTHORIZATION"] = "Bearer " + token
    if name:
        extra["HTTP_X_REQUEST_ID"] = name
    return extra


def request(method="GET", uri="/healthz", body=None, *, keep=False, role=RESPONDER, number=1,
            piece=PIECE, params=None, **about):
    """The bytes of one whole request; `about`: see headers()."""
    body = to_bytes(body)
    values = parameters(method, uri, {**headers(body, **about), **(params or {})})
    return (begin(role, keep, number) + stream(PARAMS, encode(values), number)
            + stream(STDIN, body, number, piece))


def short_request(uri="/healthz", keep=False, method="GET", name=None, body=b""):
    """A request with no more than what routing needs: for tests that cut it at every byte."""
    values = {"REQUEST_METHOD": method, "REQUEST_URI": uri}
    if name:
        values["HTTP_X_REQUEST_ID"] = name
    if body:
        values.update(CONTENT_LENGTH=len(body), CONTENT_TYPE="application/json")
    return begin(keep=keep) + stream(PARAMS, encode(values)) + stream(STDIN, body)


class Answer:
    """A CGI answer: status, headers (lower case names) and body."""

    def __init__(self, out, application_status=0, protocol_status=REQUEST_COMPLETE, errors=b""):
        self.raw, self.errors = out, errors
        self.application_status, self.protocol_status = application_status, protocol_status
        head, mark, self.body = out.partition(b"\r\n\r\n")
        if out and not mark:
            raise Broken(f"no end of headers in {out[:200]!r}")
        self.headers = {}
        for line in head.decode().split("\r\n") if head else ():
            name, colon, value = line.partition(": ")
            if not colon:
                raise Broken(f"header line {line!r}")
            self.headers[name.lower()] = value
        self.status = int(self.headers.get("status", "200").split()[0]) if out else 0

    @property
    def name(self):
        """The request id that it carries: tells which request it answers."""
        return self.headers.get("x-request-id")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.name} {self.body[:160]!r}>"


class Connection:
    """One connection to the socket of a FastCGI server."""

    def __init__(self, address, timeout=10.0):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """False when the other side has closed."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def finish(self):
        """Nothing more will be sent; answers can still be read."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _fill(self, count):
        while len(self.buffer) < count and not self.ended:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            self.ended = not data
            self.buffer += data
        return len(self.buffer) >= count

    def record(self):
        """The next record as (kind, number, content), or None at the end of the connection."""
        if not self._fill(8):
            if self.buffer:
                raise Broken(f"ended in a record header: {self.buffer!r}")
            return None
        version, kind, number, size, padding = struct.unpack("!BBHHBx", self.buffer[:8])
        if version != 1 or kind not in (END, STDOUT, STDERR, GET_VALUES_RESULT, UNKNOWN_TYPE):
            raise Broken(f"bad record header {self.buffer[:8]!r}")
        if not self._fill(8 + size + padding):
            raise Broken("ended in a record")
        content, self.buffer = self.buffer[8:8 + size], self.buffer[8 + size + padding:]
        return kind, number, content

    def answer(self):
        """The next answer, or None if the connection was closed before it began."""
        out, errors, first = b"", b"", None
        while True:
            got = self.record()
            if got is None:
                if first is None:
                    return None
                raise Broken(f"closed in the middle of an answer: {out[:200]!r}")
            kind, number, content = got
            first = number if first is None else first
            if number != first:
                raise Broken(f"records of requests {first} and {number} are mixed")
            if kind == STDOUT:
                out += content
            elif kind == STDERR:
                errors += content
            elif kind == END:
                application, protocol = struct.unpack("!IB3x", content)
                return Answer(out, application, protocol, errors)

    def answers(self):
        """All answers up to the end of the connection."""
        found = []
        while True:
            answer = self.answer()
            if answer is None:
                return found
            found.append(answer)

    def call(self, method="GET", uri="/healthz", body=None, *, keep=True, **about):
        """One request on this connection; None if it is closed instead of answered."""
        self.send(request(method, uri, body, keep=keep, **about))
        return self.answer()

    def closes(self, seconds):
        """Whether the other side closes within the time, sending nothing more; the time it took."""
        start = time.monotonic()
        self.socket.settimeout(seconds)
        try:
            got = self.record()
        except TimeoutError:
            return None
        if got is not None:
            raise Broken(f"a record came where none was due: {got!r}")
        return time.monotonic() - start


def call(address, method="GET", uri="/healthz", body=None, *, timeout=10.0, **about):
    """One request on a connection of its own, which must be closed after the answer."""
    with Connection(address, timeout) as connection:
        answer = connection.call(method, uri, body, keep=False, **about)
        if answer is None:
            raise Broken(f"{method} {uri}: closed without an answer")
        if connection.record() is not None:
            raise Broken("something follows the answer")
        return answer


def throw(address, *pieces):
    """Sends each piece on a connection of its own, ends them, and returns the answers to each, however many."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(address)) for _ in pieces]
        for connection, data in zip(connections, pieces):
            connection.send(data)
            connection.finish()
        return [connection.answers() for connection in connections]
