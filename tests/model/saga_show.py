# SPDX-License-Identifier: Apache-2.0
"""A history of server commands as a human reads it, one a line."""
from saga_world import LOST, Settings


def document(value):
    """Those fields of a document that say something."""
    if value is None:
        return "nothing"
    if hasattr(value, "_asdict"):
        value = [(name, field) for name, field in value._asdict().items() if field not in (None, "")]
    shown = [(name, document(field) if hasattr(field, "_asdict") else field) for name, field in value]
    return "{" + ", ".join(f"{name}: {field}" for name, field in shown) + "}"


def rows(table):
    return ", ".join(f"{key} {document(value)}" for key, value in table) or "nothing"


def names(listed):
    return ", ".join(f"{name} = {uuid}" for name, uuid in listed) or "nothing"


def if_same(uuid):
    return f" if it is {uuid}" if Settings.conditional and uuid else ""


def applied(answer):
    return "applied" if answer else "no match"


SHOW = {  # verb -> how its arguments read, how its answer reads
    "read": (lambda table, key: f"find {table} {key}", document),
    "read_all": (lambda table: f"find {table}", rows),
    "read_owners": (lambda org, uuids: f"find organizations {org} or of {sorted(uuids)}", rows),
    "read_admins": (lambda email: f"find admins of {email}", rows),
    "count": (lambda states: f"count organizations {'/'.join(states)}", str),
    "insert": (lambda table, key, value: f"insert {table} {key} {document(value)}", str),
    "update": (lambda table, key, condition, changes:
               f"update {table} {key} if {document(condition)} set {document(changes)}", applied),
    "delete": (lambda table, key, condition: f"delete {table} {key} if {document(condition)}", str),
    "delete_of": (lambda table, org: f"delete {table} of {org}", str),
    "list": (lambda *wanted: f"list {' '.join(wanted) or 'all collections'}", names),
    "create": (lambda name: f"create {name}", str),
    "rename": (lambda old, new, uuid: f"rename {old} to {new}{if_same(uuid)}", str),
    "drop": (lambda name, uuid: f"drop {name}{if_same(uuid)}", str),
    "write": (lambda writer, name: f"a program of {writer} inserts into {name}", str),
    "drop_by_hand": (lambda org: f"somebody drops the collection of {org}", str),
}


def step(actor, command, answer, late):
    show_command, show_answer = SHOW[command[0]]
    shown = answer if answer == LOST else show_answer(answer)
    return f"{actor:20} {'(late) ' if late else ''}{show_command(*command[1:])} -> {shown}"


def history(search, state):
    return [step(f"{index}:{search.actors[index].label}", *rest) for index, *rest in search.path(state)]
