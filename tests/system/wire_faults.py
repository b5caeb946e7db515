# SPDX-License-Identifier: Apache-2.0
"""What the proxy of wire_proxy.py can do to a command instead of passing it on and its answer back.

A fault is a function of the connection (its `ask` forwards a request, its `send` answers the client) and of
the command. One that raises Cut ends the client's connection.
"""
import threading
import time

from mongo_wire import Message

SECRET_TEXT = "text of the server, not for clients"
CODES = {
    13: "Unauthorized", 24: "LockTimeout", 26: "NamespaceNotFound", 46: "LockBusy", 64: "WriteConcernFailed",
    85: "IndexOptionsConflict", 86: "IndexKeySpecsConflict", 91: "ShutdownInProgress",
    100: "UnsatisfiableWriteConcern",
    112: "WriteConflict", 117: "ConflictingOperationInProgress", 134: "ReadConcernMajorityNotAvailableYet",
    175: "QueryPlanKilled", 189: "PrimarySteppedDown",
    225: "TransactionTooOld", 10107: "NotWritablePrimary", 11602: "InterruptedDueToReplStateChange",
    13435: "NotPrimaryNoSecondaryOk", 13436: "NotPrimaryOrSecondary",
}
RETRYABLE = {91, 189, 10107, 11602, 13435, 13436}


class Cut(Exception):
    """The client's connection is to be closed."""


def named(name):
    def give(function):
        function.__name__ = name
        return function
    return give


def error_document(code):
    """code None: as some servers say that there is no such collection."""
    if code is None:
        return {"ok": 0.0, "errmsg": "ns not found"}
    labels = {"errorLabels": ["RetryableWriteError"]} if code in RETRYABLE else {}
    return {"ok": 0.0, "errmsg": SECRET_TEXT, "code": code, "codeName": CODES[code], **labels}


def pass_on(link, command):
    answer = link.ask(command.message)
    if answer is not None:
        link.send(answer)


def lose_answer(link, command):
    """Applied, then the connection breaks."""
    link.ask(command.message)
    raise Cut


def cut_before(link, command):
    """The connection breaks, nothing is applied."""
    raise Cut


def half_an_answer(link, command):
    """Applied, and the connection breaks in the middle of the answer."""
    data = link.ask(command.message).bytes()
    link.send_bytes(data[:len(data) // 2])
    raise Cut


def hang(link, command):
    """Neither applied nor answered; the connection stays until the client gives up."""
    link.wait_for_client_to_leave()


def hang_after(link, command):
    """Applied, but never answered; the connection stays until the client gives up."""
    link.ask(command.message)
    link.wait_for_client_to_leave()


def delay(seconds):
    """Applied and answered later."""
    @named(f"delay_{seconds}")
    def act(link, command):
        time.sleep(seconds)
        pass_on(link, command)
    return act


def meanwhile(act, then=pass_on):
    """Something else happens before the command meets another fault, or none."""
    @named(f"meanwhile_{then.__name__}")
    def do(link, command):
        act()
        then(link, command)
    return do


def from_now_on(mode):
    """Neither this command nor any other is applied: the whole proxy goes into the mode."""
    @named(f"from_now_on_{mode}")
    def act(link, command):
        link.proxy.set_mode(mode)
        link.proxy.obey_mode(link)
        raise Cut
    return act


def late(seconds):
    """The connection breaks at once, and the command is applied a while after: the network kept it."""
    @named(f"late_{seconds}")
    def act(link, command):
        upstream = link.give_away_upstream()
        threading.Timer(seconds, upstream.ask_and_close, [command.message]).start()
        raise Cut
    return act


def error_before(code):
    """Not applied, answered with an error."""
    @named(f"error_before_{code}")
    def act(link, command):
        link.send(Message.of(error_document(code), command.message.number))
    return act


def error_after(code):
    """Applied, but answered with an error."""
    @named(f"error_after_{code}")
    def act(link, command):
        link.ask(command.message)
        error_before(code)(link, command)
    return act


def write_concern_error(code=64):
    """Applied and answered with ok, but not known to last."""
    fault = {"code": code, "codeName": CODES[code], "errmsg": SECRET_TEXT}

    @named(f"write_concern_error_{code}")
    def act(link, command):
        answer = link.ask(command.message)
        link.send(Message.of({**answer.body, "writeConcernError": fault}, command.message.number))
    return act


def write_errors(code=112):
    """Not applied, and answered with ok: the fault is inside."""
    fault = {"index": 0, "code": code, "errmsg": SECRET_TEXT}

    @named(f"write_errors_{code}")
    def act(link, command):
        link.send(Message.of({"n": 0, "nModified": 0, "writeErrors": [fault], "ok": 1.0}, command.message.number))
    return act
