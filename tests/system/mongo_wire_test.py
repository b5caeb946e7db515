#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests of MongoDB speak with: its documents are encoded as bsonspec.org says, and read back as they were."""
import datetime
import re
import sys
import uuid

import mongo_bson as bson
from tap import case, equal, main

MOMENT = datetime.datetime(1969, 12, 31, 23, 59, 59, 123000, tzinfo=datetime.timezone.utc)
IDENTITY = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
# name, value, the element's type and content by the specification
ELEMENTS = (
    ("double", 1.5, "01", "000000000000f83f"),
    ("string", "h\u00e9\0", "02", "05000000 68c3a90000"),
    ("document", {"a": True}, "03", "09000000 08610001 00"),
    ("array", ["x"], "04", "0e000000 023000 02000000 7800 00"),
    ("bytes", b"\1\2", "05", "02000000 00 0102"),
    ("uuid", IDENTITY, "05", "10000000 04 00112233445566778899aabbccddeeff"),
    ("id", bson.ObjectId("0123456789abcdef01234567"), "07", "0123456789abcdef01234567"),
    ("false", False, "08", "00"),
    ("date", MOMENT, "09", "93fcffffffffffff"),
    ("null", None, "0a", ""),
    ("regex", re.compile("^a", re.IGNORECASE | re.DOTALL), "0b", "5e6100 697300"),
    ("int32", -5, "10", "fbffffff"),
    ("timestamp", bson.Timestamp(7), "11", "0700000000000000"),
    ("int64", 2**40, "12", "0000000000010000"),
    ("small int64", bson.Int64(1), "12", "0100000000000000"),
)


@case
def examples():
    """the two examples of the specification"""
    equal(bson.encode({"hello": "world"}), b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0")
    equal(bson.encode({"BSON": ["awesome", 5.05, 1986]}),
          b"1\0\0\0\x04BSON\0&\0\0\0\x020\0\x08\0\0\0awesome\0\x011\x00333333\x14@\x102\0\xc2\x07\0\0\0\0")


@case
def elements():
    """each type, written and read"""
    for name, value, kind, content in ELEMENTS:
        element = bytes.fromhex(kind) + name.encode() + b"\0" + bytes.fromhex(content)
        document = (len(element) + 5).to_bytes(4, "little") + element + b"\0"
        equal(bson.encode({name: value}), document, f"bytes of {name}")
        equal(bson.decode(document), {name: value}, f"value of {name}")
        equal(bson.encode(bson.decode(document)), document, f"bytes of {name} again")


@case
def broken():
    """what is no document is refused"""
    good = bson.encode({"a": "b"})
    for data in (good[:-1], good + b"\0", good[:-1] + b"x", b"\4\0\0\0", b"\x08\0\0\0\x7fa\0\0"):
        try:
            bson.decode(data)
        except ValueError:
            continue
        raise AssertionError(f"{data!r} was taken")


if __name__ == "__main__":
    sys.exit(main())
