# SPDX-License-Identifier: Apache-2.0
"""The module for MongoDB: without it, or its library, everything else works and its lack is one clear line."""
import contextlib
import os
import re
import subprocess

import tap
from orgctl_support import ORGCTL
from process import BINARY, MODULES, Orgd
from promises import must
from start_support import directory, run
from tap import case, equal

MODULE = os.path.join(MODULES, "store_mongo.so")
URI = "mongodb://user:geheim-4711@127.0.0.1:1/db?serverSelectionTimeoutMS=200"
FOREIGN = (b"mongoc", b"bson", b"store_mongo", b"libicu")


@contextlib.contextmanager
def modules(change):
    """A directory for modules with what `change` makes of ours: bytes, or None for no file."""
    with directory() as path:
        with open(MODULE, "rb") as file:
            data = change(file.read())
        if data is not None:
            with open(os.path.join(path, "store_mongo.so"), "wb") as file:
                file.write(data)
        yield path


def replaced(old, new):
    """The module with other bytes of the same length in it, which must be there."""
    def change(data):
        must(old in data and len(old) == len(new), f"no {old} in the module", "")
        return data.replace(old, new)
    return change


def version():
    text = subprocess.run([BINARY, "-V"], capture_output=True, check=True).stdout.decode()
    return text.split()[1].encode()


def library():
    """The file of the library that the module needs, and the package that Debian has it in."""
    with open(MODULE, "rb") as file:
        name = re.search(rb"\0(libmongoc[-.0-9]*\.so\.\d+)\0", file.read())[1].decode()
    return name, {"libmongoc-1.0.so.0": "libmongoc-1.0-0", "libmongoc2.so.2": "libmongoc2-2"}[name]


LIBRARY, PACKAGE = library()
NO_LIBRARY = LIBRARY.replace("mongoc", "mongoX")

# Why a module does not load: what is changed in it, and the words that tell.
BROKEN = (
    (lambda data: None, ("not installed",)),
    (replaced(LIBRARY.encode() + b"\0", NO_LIBRARY.encode() + b"\0"), ("cannot be loaded", NO_LIBRARY)),
    (lambda data: data[:40], ("cannot be loaded",)),
    (lambda data: b"this is a text\n", ("cannot be loaded",)),
    (replaced(b"\0" + version() + b"\0", b"\0" + version()[:-1] + b"x\0"), ("cannot be loaded", "version")),
)


@case
def a_module_that_cannot_be_loaded():
    """without the module or its library MongoDB is refused in one line that names the package, status 1"""
    for change, words in BROKEN:
        with modules(change) as place, directory() as state:
            for mode in (["-t"], []):
                status, text = run(mode, state, MONGO_URI=URI, ORGD_MODULE_DIR=place)
                equal(status, 1, text)
                equal(len(text.strip().splitlines()), 1, f"lines in {text!r}")
                for word in (*words, PACKAGE, os.path.join(place, "store_mongo.so")):
                    must(word in text, f"{word} is not said", text)
                must("geheim" not in text, "the password is shown", text)


@case
def orgctl_says_it_too():
    """orgctl refuses likewise, and says it in JSON as well"""
    with modules(lambda data: None) as place, directory() as state:
        env = {"PATH": os.environ["PATH"], "ORGD_ENV_FILE": "/dev/null", "MONGO_URI": URI, "ORGD_MODULE_DIR": place}
        done = subprocess.run([ORGCTL, "--json", "store", "info"], env=env, cwd=state, capture_output=True, timeout=20)
        text = done.stderr.decode()
        equal(done.returncode, 1, text)
        must(PACKAGE in text and "store mongodb cannot be opened" in text, "not said", text)
        must(b'"error":"store_unavailable"' in done.stdout, "not said in JSON", done.stdout)
        must("geheim" not in text + done.stdout.decode(), "the password is shown", text)


@case
def sqlite_does_not_need_it():
    """on SQLite a module that cannot be loaded does not matter, whatever MONGO_URI is"""
    for change, _ in BROKEN:
        with modules(change) as place, directory() as state:
            equal(run(["-t"], state, ORGD_MODULE_DIR=place), (0, ""), "-t")
            store = f"sqlite:{state}/x.db"
            equal(run(["-t"], state, ORGD_MODULE_DIR=place, MONGO_URI=URI, ORGD_STORE=store), (0, ""), "-t")


@case
def programs_do_not_link_it():
    """neither orgd nor orgctl is linked to libmongoc; the module is"""
    for file, wanted in ((BINARY, False), (ORGCTL, False), (MODULE, True)):
        needed = subprocess.run(["readelf", "-d", file], capture_output=True, check=True).stdout
        must(b"NEEDED" in needed, "readelf says nothing", needed)
        equal(b"mongoc" in needed or b"bson" in needed, wanted, f"{file} is linked to it")


@case
def sqlite_does_not_open_it():
    """on SQLite a serving orgd has neither the module nor its libraries in memory, though they are there"""
    with directory() as state:
        orgd = Orgd(directory=state, env={"ORGD_MODULE_DIR": MODULES, "MONGO_URI": URI,
                                          "ORGD_STORE": f"sqlite:{state}/orgd.db"})
        try:
            orgd.start()
            with open(f"/proc/{orgd.pid}/maps", "rb") as maps:
                text = maps.read()
            must(b"sqlite" in text, "the maps are not orgd's", text)
            for word in FOREIGN:
                must(word not in text, f"{word} is in memory", text)
        finally:
            orgd.close()


@case
def versions_name_its_library():
    """-V names the module's library with its version, or says why the module cannot be loaded"""
    for program in (BINARY, ORGCTL):
        for place, begin in ((MODULES, "libmongoc "), ("/nowhere", "libmongoc none (/nowhere/store_mongo.so: ")):
            done = subprocess.run([program, "-V"], env={"ORGD_MODULE_DIR": place}, capture_output=True, check=True)
            last = done.stdout.decode().splitlines()[-1]
            must(last.startswith(begin), "the last line", last)


@case
def leaves_nothing_behind():
    """the library does not count in a file in /dev/shm, which a killed process would leave"""
    with directory() as state:
        orgd = Orgd(directory=state, env={"MONGO_URI": URI})
        try:
            orgd.start()
            with open(f"/proc/{orgd.pid}/maps") as maps:
                text = maps.read()
            must("libmongoc" in text, "the library is not loaded", text)
            must("/dev/shm" not in text, "it has a file in /dev/shm", text)
        finally:
            orgd.close()


if __name__ == "__main__":
    if not os.path.exists(MODULE):
        print(f"1..1\nok 1 - the module for MongoDB # SKIP {MODULE} was not built (--without-mongo)")
        raise SystemExit(0)
    raise SystemExit(tap.main())
