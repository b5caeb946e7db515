# SPDX-License-Identifier: Apache-2.0
"""What orgd refuses to start with: exit status, one clear line, no secret in it."""
import os
import secrets

import tap
from process import Orgd
from promises import must
from start_support import KEY, directory, run
from tap import case, equal

EXAMPLES = ["a-string-secret-at-least-256-bits-long", "changeme" * 4, "your-secret-key-change-in-production"]


def refused(words, arguments=(), **env):
    """Both the start and -t end with 1, in one line that has all the words and none of the secrets."""
    with directory() as state:
        for mode in (["-t"], []):
            status, text = run([*arguments, *mode], state, **env)
            must(status == 1 if mode else status > 0, f"status {status} with {env}", text)
            lines = [line for line in text.splitlines() if line.strip()]
            must(len(lines) == 1, f"not one line for {env}", text)
            for word in words.split():
                must(word in text, f"{word} is not in the line for {env}", text)
            for name, value in env.items():
                secret = value and ("KEY" in name or "URI" in name) and len(value) > 3
                must(not secret or value not in text, "a secret is printed", text)
            must(KEY not in text, "the key is printed", text)


def env_file(state, text, mode=0o600, name="orgd.env"):
    path = os.path.join(state, name)
    with open(path, "w", newline="") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


@case
def good_configuration():
    """-t is content with a good configuration, says so by status 0 and shows no secret"""
    with directory() as state:
        status, text = run(["-t"], state)
        equal(status, 0, text)
        must(KEY not in text, "the key is printed", text)


@case
def bad_keys():
    """a missing, empty, short, repeated-byte or example JWT_SECRET_KEY is refused"""
    for key in (None, "", "x", "k7Qz" * 7 + "abc", "a" * 32, "0" * 64, *EXAMPLES):
        refused("JWT_SECRET_KEY", JWT_SECRET_KEY=key)


@case
def bad_previous_keys():
    """a short JWT_SECRET_KEY_PREVIOUS is refused too"""
    for key in ("x", "a" * 32):
        refused("JWT_SECRET_KEY_PREVIOUS", JWT_SECRET_KEY_PREVIOUS=key)


@case
def bad_values():
    """numbers out of range or that are none, and unknown words, are refused with the key's name"""
    rows = [("ORGD_WORKERS", ("0", "1025", "-1", "x", "8x", "1.5", "0x10", "99999999999999999999")),
            ("ORGD_BCRYPT_COST", ("3", "16", "x", "-4")), ("ORGD_TOKEN_TTL", ("0", "-1", "15m", "x")),
            ("ORGD_MAX_BODY", ("-1", "64k", "x")), ("ORGD_HASH_THREADS", ("-1", "x")), ("ORGD_HASH_QUEUE", ("-1", "x")),
            ("ORGD_MAX_ORGANIZATIONS", ("-1", "x")), ("ORGD_CREATE", ("maybe", "OPEN?")), ("ORGD_LOG_LEVEL", ("loud",)),
            ("ORGD_LOG_FORMAT", ("xml",)), ("ORGD_METRICS", ("perhaps",)), ("ORGD_PUBLIC_LOOKUP", ("perhaps",)),
            ("ORGD_STORE", ("redis:x", "mysql://x", "sqlite:")), ("ORGD_ALLOWED_UIDS", ("root?", "-1", "1,x"))]
    for name, values in rows:
        for value in values:
            refused(name, **{name: value})


@case
def low_cost_needs_testing():
    """a cost below 10 is refused without ORGD_TESTING=on"""
    refused("ORGD_BCRYPT_COST", ORGD_BCRYPT_COST="9", ORGD_TESTING=None)
    refused("ORGD_BCRYPT_COST", ORGD_BCRYPT_COST="4", ORGD_TESTING="off")
    with directory() as state:
        equal(run(["-t"], state, ORGD_BCRYPT_COST="10", ORGD_TESTING=None)[0], 0, "status of cost 10")


@case
def create_key_is_needed():
    """ORGD_CREATE=key without ORGD_CREATE_KEY, or with a short one, is refused"""
    for key in (None, "", "short", "k7Qz" * 7 + "abc"):
        refused("ORGD_CREATE_KEY", ORGD_CREATE="key", ORGD_CREATE_KEY=key)


@case
def mongodb_needs_its_uri():
    """ORGD_STORE=mongodb without MONGO_URI, and a MONGO_URI that is none, are refused"""
    refused("MONGO_URI", ORGD_STORE="mongodb")
    for uri in ("user:geheim-4711@host", "http://user:geheim-4711@host/", "mongodb:/user:geheim-4711@host"):
        refused("MONGO_URI mongodb://", MONGO_URI=uri)
    refused("ORGD_STORE", ORGD_STORE="mongodb://user:geheim-4711@host")


@case
def stores_that_cannot_be_opened():
    """a database in a missing directory, that is a directory, or that is no database, is refused"""
    with directory() as state:
        garbage = env_file(state, "this is no database, it is a text of some length\n" * 100, name="garbage.db")
        for store in ("sqlite:" + state + "/missing/orgd.db", "sqlite:" + state, "sqlite:" + garbage):
            for mode in (["-t"], []):
                status, text = run(mode, state, ORGD_STORE=store)
                must(status > 0 and text.strip(), "started with " + store, text)
                must(len(text.strip().splitlines()) == 1, "not one line for " + store, text)


@case
def all_faults_are_listed():
    """-t prints one line for each fault"""
    with directory() as state:
        status, text = run(["-t"], state, JWT_SECRET_KEY="x", ORGD_WORKERS="0", ORGD_LOG_LEVEL="loud")
        must(status == 1, "status", text)
        for name in ("JWT_SECRET_KEY", "ORGD_WORKERS", "ORGD_LOG_LEVEL"):
            equal(sum(name in line for line in text.splitlines()), 1, f"lines with {name} in {text!r}")


@case
def unknown_keys_of_the_file():
    """an unknown ORGD_ key in the .env file is refused and the nearest key named; other keys are left alone"""
    with directory() as state:
        for wrong, near in (("ORGD_WORKER", "ORGD_WORKERS"), ("ORGD_TOKENTTL", "ORGD_TOKEN_TTL"),
                            ("ORGD_MAX_BODIES", "ORGD_MAX_BODY"), ("ORGD_BCRIPT_COST", "ORGD_BCRYPT_COST")):
            path = env_file(state, f"{wrong}=8\n")
            for mode in (["-t"], []):
                status, text = run([*mode, "-c", path], state)
                must(status > 0 and wrong in text and near in text, "not refused or not named", text)
        path = env_file(state, "OTHER=1\nSECRET_KEY=x\nORGD_TEST_X=1\nORGD_REQUIRE_MONGO=1\n")
        equal(run(["-t", "-c", path], state)[0], 0, "status with keys of others")


@case
def unknown_keys_of_the_environment():
    """an unknown ORGD_ key in the environment is a warning that names the nearest key"""
    with directory() as state:
        orgd = Orgd(directory=state, env={"ORGD_WORKRES": "8"})
        try:
            orgd.start()
            lines = [line for line in orgd.log().splitlines() if "ORGD_WORKRES" in line]
            must(len(lines) == 1 and "ORGD_WORKERS" in lines[0], "no warning with the nearest key", orgd.log())
        finally:
            orgd.close()


@case
def modes_of_the_file():
    """a .env file that others can touch or the group can change is refused with the chmod to run; 0640 is fine"""
    with directory() as state:
        for mode in (0o644, 0o660, 0o604, 0o602, 0o601, 0o620, 0o666, 0o777):
            path = env_file(state, f"JWT_SECRET_KEY={KEY}\n", mode)
            for start in (["-t"], []):
                status, text = run([*start, "-c", path], state, JWT_SECRET_KEY=None)
                must(status > 0, f"mode {mode:o} was accepted", text)
                must("chmod" in text and path in text and KEY not in text, f"no chmod shown for mode {mode:o}", text)
                equal(len(text.strip().splitlines()), 1, f"lines in {text!r}")
        for mode in (0o600, 0o400, 0o640, 0o700):
            path = env_file(state, f"JWT_SECRET_KEY={KEY}\n", mode)
            equal(run(["-t", "-c", path], state, JWT_SECRET_KEY=None), (0, run(["-t"], state)[1]), f"mode {mode:o}")


@case
def owners_of_the_file():
    """a .env file of another user is refused"""
    if os.geteuid() != 0:
        return
    with directory() as state:
        path = env_file(state, f"JWT_SECRET_KEY={KEY}\n")
        os.chown(path, 65534, 65534)
        status, text = run(["-t", "-c", path], state, JWT_SECRET_KEY=None)
        must(status > 0 and path in text, "accepted", text)


@case
def files_that_are_named_must_exist():
    """a .env file that is named by -c or ORGD_ENV_FILE and missing is refused"""
    with directory() as state:
        missing = os.path.join(state, "missing.env")
        for arguments, env in ((["-c", missing], {}), ([], {"ORGD_ENV_FILE": missing})):
            status, text = run(["-t", *arguments], state, **env)
            must(status > 0 and "missing.env" in text, "accepted", text)


@case
def syntax_of_the_file():
    """comments, export, quotes, escapes and CRLF of a .env file are read as dotenv says"""
    rows = [("ORGD_TOKEN_ISSUER=plain\n", "plain"), ("export ORGD_TOKEN_ISSUER=exported\n", "exported"),
            ("# comment\n\n  \nORGD_TOKEN_ISSUER=after\n", "after"), ("ORGD_TOKEN_ISSUER='a # b'\n", "a # b"),
            ("ORGD_TOKEN_ISSUER='a\\nb'\n", "a\\nb"), ('ORGD_TOKEN_ISSUER="q\\"uo\\$te"\n', 'q"uo$te'),
            ("ORGD_TOKEN_ISSUER=crlf\r\nORGD_WORKERS=3\r\n", "crlf"), ("ORGD_TOKEN_ISSUER=no-line-end", "no-line-end"),
            ("ORGD_TOKEN_ISSUER=first\nORGD_TOKEN_ISSUER=second\n", "second")]
    with directory() as state:
        for text, issuer in rows:
            status, shown = run(["-T", "-c", env_file(state, text)], state)
            equal(status, 0, shown)
            shown = [line for line in shown.splitlines() if "ORGD_TOKEN_ISSUER" in line]
            must(len(shown) == 1, "not one line of the issuer", shown)
            value = shown[0].split("=", 1)[1].strip()
            must(issuer in (value, value.strip("'"), unquote(value)), f"wanted {issuer!r}", value)


def unquote(text):
    """The value of a double-quoted text."""
    return text[1:-1].replace('\\"', '"').replace("\\$", "$").replace("\\\\", "\\") if text[:1] == '"' else text


@case
def order_of_the_sources():
    """the environment beats the file, and -c beats ORGD_ENV_FILE"""
    with directory() as state:
        one = env_file(state, "ORGD_TOKEN_ISSUER=from-c\nORGD_TOKEN_TTL=11\n", name="one.env")
        two = env_file(state, "ORGD_TOKEN_ISSUER=from-variable\nORGD_TOKEN_TTL=12\n", name="two.env")
        shown = run(["-T", "-c", one], state, ORGD_ENV_FILE=two, ORGD_TOKEN_TTL="13")[1]
        must("from-c" in shown and "from-variable" not in shown, "-c does not win", shown)
        must(any("ORGD_TOKEN_TTL" in line and "13" in line for line in shown.splitlines()), "TTL", shown)
        shown = run(["-T"], state, ORGD_ENV_FILE=two)[1]
        must("from-variable" in shown, "ORGD_ENV_FILE is not read", shown)


@case
def secrets_are_masked():
    """-T shows every key and no secret"""
    with directory() as state:
        create_key, previous = secrets.token_hex(32), secrets.token_hex(32)
        status, text = run(["-T"], state, ORGD_CREATE="key", ORGD_CREATE_KEY=create_key,
                           JWT_SECRET_KEY_PREVIOUS=previous, SECRET_KEY="geheim-4711",
                           MONGO_URI="mongodb://user:geheim-4712@host/db")
        equal(status, 0, text)
        must('ORGD_STORE="mongodb"\n' in text, "the store is not MongoDB", text)
        for name in ("JWT_SECRET_KEY", "MONGO_URI", "JWT_SECRET_KEY_PREVIOUS", "ORGD_CREATE_KEY", "ORGD_WORKERS", "ORGD_STORE",
                     "ORGD_BCRYPT_COST"):
            must(name in text, name + " is not shown", text)
        for secret in (KEY, create_key, previous, "geheim-4711", "geheim-4712"):
            must(secret not in text and secret[:12] not in text, "a secret is shown", text)


@case
def help_and_version():
    """-h and -V answer with status 0, without any configuration"""
    with directory() as state:
        for option, word in (("-h", "-c"), ("-V", "orgd")):
            status, text = run([option], state, JWT_SECRET_KEY=None)
            must(status == 0 and word in text, option, text)


if __name__ == "__main__":
    raise SystemExit(tap.main())
