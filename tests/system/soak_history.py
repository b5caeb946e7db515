# SPDX-License-Identifier: Apache-2.0
"""A history of requests to a service that is killed all the time, and whether it can be true.

A line is one organization, from its create to its delete, worked on by one client, one request after the
other. Its possible states are what the answers leave open: one after an answer that tells, more after a
write that was cut off. What is acknowledged must hold, what is not is all or nothing, for ever.
"""
import collections
import dataclasses
import itertools

# What an event tells about its line
DONE, REFUSED, UNKNOWN, SEEN, UNSEEN, SETTLED = "done", "refused", "unknown", "seen", "unseen", "settled"
BUSY = "organization_busy"
HELD = {"organization_exists": "name", "email_taken": "email"}


@dataclasses.dataclass
class Event:
    """`what` of "create", "update", "delete" has the state that it leads to; a read has the part of the
    states that it looked for, as {"name": ...} or {"email": ..., "password": ...}; SETTLED the true state."""
    begun: float
    ended: float
    line: int
    what: str
    tells: str
    state: object = None
    part: dict = None
    code: str = None
    org_id: str = None


def fits(state, part):
    return state is not None and all(getattr(state, name) == value for name, value in part.items())


def after(possible, event):
    """The states that are possible after an event, or a text that says why it cannot be."""
    if event.what in ("create", "update", "delete"):
        if event.tells == UNKNOWN:
            return possible | {event.state}
        return {event.state} if event.tells == DONE else possible
    if event.tells == SETTLED:
        return {event.state} if event.state in possible else f"{event.state} is none of {possible}"
    if event.tells == SEEN and not any(fits(state, event.part) for state in possible):
        return f"{event.part} is seen, but only {possible} is possible"
    if event.tells == UNSEEN and all(fits(state, event.part) for state in possible):
        return f"{event.part} is not seen, but only {possible} is possible"
    return possible


def replay(events):
    """The events of one line: (spans, anomalies); a span is (from, to, possible states)."""
    spans, anomalies, possible, begun = [], [], {None}, float("-inf")
    for event in events:
        result = after(possible, event)
        if isinstance(result, str):
            anomalies.append(f"line {event.line}, {event.what} at {event.begun:.3f}: {result}")
            continue
        if result != possible:
            # Both are possible while the request runs.
            spans.append((begun, event.ended, possible))
            possible, begun = result, event.begun
    spans.append((begun, float("inf"), possible))
    return spans, anomalies


def holders(spans_of):
    """Who may have had what, and when: {(field, value): [(from, to, line)]}."""
    found = collections.defaultdict(list)
    for line, spans in spans_of.items():
        for begun, ended, possible in spans:
            for state in possible - {None}:
                for field in HELD.values():
                    found[field, getattr(state, field)].append((begun, ended, line))
    return found


def unjustified(event, held):
    """A refusal that says a name or an email is another organization's, when nobody can have had it."""
    key = HELD[event.code], getattr(event.state, HELD[event.code])
    if any(line != event.line and begun <= event.ended and event.begun <= ended for begun, ended, line in held[key]):
        return None
    return f"line {event.line}: {event.code} at {event.begun:.3f}, but nobody can have had {key}"


def check_ids(events):
    """An id belongs to one line, and a line has one id."""
    lines, ids, anomalies = {}, {}, []
    for event in events:
        if event.org_id is None:
            continue
        line, org_id = lines.setdefault(event.org_id, event.line), ids.setdefault(event.line, event.org_id)
        if (line, org_id) != (event.line, event.org_id):
            anomalies.append(f"line {event.line} has the id {event.org_id}: that is line {line}'s, or it had {org_id}")
    return anomalies


def check(events):
    """All that cannot be, as texts; and the spans of each line."""
    events = sorted(events, key=lambda event: (event.line, event.begun))
    spans_of, anomalies = {}, []
    for line, of_line in itertools.groupby(events, key=lambda event: event.line):
        spans_of[line], more = replay(list(of_line))
        anomalies += more
    held = holders(spans_of)
    for event in events:
        if event.tells == REFUSED and event.code in HELD:
            anomalies.append(unjustified(event, held))
        elif event.tells == REFUSED and event.code != BUSY:
            anomalies.append(f"line {event.line}: {event.what} is refused with {event.code}")
    return [anomaly for anomaly in anomalies + check_ids(events) if anomaly], spans_of


def check_end(spans_of, actual):
    """Whether what is there at the end, as a list of states, is what the lines may be: one each, and no more."""
    last = {line: spans[-1][2] for line, spans in spans_of.items()}
    open_lines = [f"line {line} is not settled: {possible}" for line, possible in last.items() if len(possible) > 1]
    wanted = sorted((state for possible in last.values() for state in possible if state is not None), key=str)
    twice = [f"{field} {value} twice" for field in ("name", "email")
             for value, group in itertools.groupby(sorted(getattr(state, field) for state in actual))
             if len(list(group)) > 1]
    missing = [f"{state} is lost" for state in wanted if state not in actual]
    extra = [f"{state} is there, and nobody made it" for state in actual if state not in wanted]
    return [*open_lines, *twice, *missing, *extra]
