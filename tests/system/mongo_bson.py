# SPDX-License-Identifier: Apache-2.0
"""BSON, the documents of MongoDB's wire protocol, as Python values and back: the types that the tests meet."""
import datetime
import functools
import os
import re
import struct
import uuid

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)
UUID_SUBTYPE = 4


@functools.total_ordering
class ObjectId:
    """Twelve bytes; made of 24 hex digits, of the bytes, or new."""

    def __init__(self, value=None):
        self.bytes = os.urandom(12) if value is None else value if isinstance(value, bytes) else bytes.fromhex(value)
        if len(self.bytes) != 12:
            raise ValueError(f"no ObjectId: {value!r}")

    def __str__(self):
        return self.bytes.hex()

    def __repr__(self):
        return f"ObjectId('{self}')"

    def __hash__(self):
        return hash(self.bytes)

    def __eq__(self, other):
        return isinstance(other, ObjectId) and self.bytes == other.bytes

    def __lt__(self, other):
        return self.bytes < other.bytes


class Int64(int):
    """An integer that stays 64 bits wide, however small."""


class Timestamp(int):
    """MongoDB's inner 64-bit timestamp, which is no time of day."""


class Binary(bytes):
    """Bytes of a subtype other than 0 (plain bytes) and 4 (a UUID)."""
    subtype = 0


def encode(document):
    content = b"".join(_element(name, value) for name, value in document.items())
    return struct.pack("<i", len(content) + 5) + content + b"\0"


def decode(data):
    """The document that fills the bytes."""
    document, end = decode_from(data, 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes follow a document")
    return document


def decode_from(data, at):
    """(document, where it ends)."""
    size, = struct.unpack_from("<i", data, at)
    end = at + size
    if size < 5 or end > len(data) or data[end - 1] != 0:
        raise ValueError("a document's size is wrong")
    document, at = {}, at + 4
    while at < end - 1:
        kind = data[at]
        name, at = _read_cstring(data, at + 1)
        if kind not in READERS:
            raise ValueError(f"BSON type {kind:#x} of {name!r}")
        document[name], at = READERS[kind](data, at)
    return document, end


def _element(name, value):
    for type_, kind, write in WRITERS:
        if isinstance(value, type_):
            break
    else:
        raise TypeError(f"no BSON type for {name}: {value!r}")
    if type_ is int and not -2**31 <= value < 2**31:
        kind, write = 0x12, _int64
    return bytes([kind]) + _cstring(name) + write(value)


def _cstring(text):
    data = text.encode()
    if 0 in data:
        raise ValueError(f"NUL in {text!r}")
    return data + b"\0"


def _string(text):
    data = text.encode() + b"\0"
    return struct.pack("<i", len(data)) + data


def _int64(value):
    return struct.pack("<q", value)


def _binary(value, subtype=0):
    return struct.pack("<iB", len(value), subtype) + value


def _regex(value):
    flags = (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL), ("x", re.VERBOSE))
    return _cstring(value.pattern) + _cstring("".join(letter for letter, flag in flags if value.flags & flag))


def _read_cstring(data, at):
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


def _read_string(data, at):
    size, = struct.unpack_from("<i", data, at)
    end = at + 4 + size
    return data[at + 4:end - 1].decode(), end


def _read_array(data, at):
    document, end = decode_from(data, at)
    return list(document.values()), end


def _read_binary(data, at):
    size, subtype = struct.unpack_from("<iB", data, at)
    content, end = data[at + 5:at + 5 + size], at + 5 + size
    if subtype == UUID_SUBTYPE:
        return uuid.UUID(bytes=content), end
    if subtype == 0:
        return content, end
    value = Binary(content)
    value.subtype = subtype
    return value, end


def _read_regex(data, at):
    pattern, at = _read_cstring(data, at)
    letters, at = _read_cstring(data, at)
    return re.compile(pattern, sum(re.RegexFlag[letter.upper()] for letter in letters)), at


def _number(layout, make=lambda value: value):
    def read(data, at):
        value, = struct.unpack_from(layout, data, at)
        return make(value), at + struct.calcsize(layout)
    return read


# The first row that fits is taken: narrower classes come first.
WRITERS = (
    (bool, 0x08, lambda value: bytes([value])),
    (Timestamp, 0x11, _int64),
    (Int64, 0x12, _int64),
    (int, 0x10, lambda value: struct.pack("<i", value)),
    (float, 0x01, lambda value: struct.pack("<d", value)),
    (str, 0x02, _string),
    (dict, 0x03, encode),
    ((list, tuple), 0x04, lambda value: encode({str(index): one for index, one in enumerate(value)})),
    (uuid.UUID, 0x05, lambda value: _binary(value.bytes, UUID_SUBTYPE)),
    (Binary, 0x05, lambda value: _binary(value, value.subtype)),
    (bytes, 0x05, _binary),
    (ObjectId, 0x07, lambda value: value.bytes),
    (datetime.datetime, 0x09, lambda value: _int64((value - EPOCH) // MILLISECOND)),
    (type(None), 0x0a, lambda value: b""),
    (re.Pattern, 0x0b, _regex),
)

READERS = {
    0x01: _number("<d"),
    0x02: _read_string,
    0x03: decode_from,
    0x04: _read_array,
    0x05: _read_binary,
    0x07: lambda data, at: (ObjectId(data[at:at + 12]), at + 12),
    0x08: _number("<?"),
    0x09: _number("<q", lambda value: EPOCH + value * MILLISECOND),
    0x0a: lambda data, at: (None, at),
    0x0b: _read_regex,
    0x10: _number("<i"),
    0x11: _number("<q", Timestamp),
    0x12: _number("<q", Int64),
}
