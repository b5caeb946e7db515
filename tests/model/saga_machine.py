# SPDX-License-Identifier: Apache-2.0
"""Generators as finite automata: an actor's next command depends on where it stands and on its variables.

A generator cannot be copied, so a state keeps one history of answers that leads to it, and a new one is
reached by playing that history again. Two histories that end at the same line with the same variables
(those that are still to be read) are one state. The evaluation stack cannot be seen: hence the rule
that hidden_state() looks after.
"""
import ast
import dis
import functools


@functools.cache
def live_names(code):
    """-> for each instruction's offset, the variables that may be read after it before they are set."""
    steps = list(dis.get_instructions(code))
    shared = frozenset(code.co_cellvars + code.co_freevars)  # with functions inside: read at any time
    before = {step.offset: frozenset() for step in steps}
    after = dict.fromkeys(before, shared)
    changed = True
    while changed:
        changed = False
        for step, following in zip(reversed(steps), [None] + steps[:0:-1]):
            for offset in targets(step, following):
                after[step.offset] |= before[offset]
            live = live_before(step, after[step.offset])
            changed = changed or live != before[step.offset]
            before[step.offset] = live
    return after


def targets(step, following):
    """-> the offsets at which it may go on after an instruction."""
    jumps = step.opcode in dis.hasjrel or step.opcode in dis.hasjabs
    found = [step.argval] if jumps else []
    ends = step.opname.startswith(("RETURN", "RAISE", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"))
    if following and not (ends and step.opname != "RETURN_GENERATOR"):
        found.append(following.offset)
    return found


def live_before(step, live):
    if step.opname in ("STORE_FAST", "DELETE_FAST"):
        return live - {step.argval}
    if step.opcode in dis.haslocal:  # some versions have instructions that name two
        return live | set(step.argval if isinstance(step.argval, tuple) else [step.argval])
    return live


def local_state(generator):
    """Where a suspended generator stands, and what it still knows: hashable."""
    state = []
    while generator is not None:
        frame = generator.gi_frame
        live = live_names(frame.f_code)[frame.f_lasti]
        variables = tuple((name, value) for name, value in frame.f_locals.items() if name in live)
        state.append((frame.f_code.co_name, frame.f_lasti, variables))
        generator = generator.gi_yieldfrom
    return tuple(state)


def hidden_state(source):
    """-> the lines of a module whose generators keep something where local_state() cannot see it."""
    tree, faults = ast.parse(source), []
    statements = [node for node in ast.walk(tree) if isinstance(node, (ast.Expr, ast.Assign, ast.Return))]
    plain = {id(node.value) for node in statements}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Yield, ast.YieldFrom)) and id(node) not in plain:
            faults.append(node.lineno)
        if isinstance(node, (ast.For, ast.With, ast.Try)):
            faults += [node.lineno for part in ast.walk(node) if isinstance(part, (ast.Yield, ast.YieldFrom))]
    return faults


class Machine:
    """The automaton of one actor, built as it is needed. State 0 is the beginning."""

    def __init__(self, start):
        self.start = start  # makes the generator
        self.numbers = {}  # local state -> its number
        self.commands = []  # by number: the next command; None: it has ended
        self.results = []  # by number: what it returned
        self.histories = []
        self.successors = {}
        self.enter(())

    def enter(self, history):
        generator, command, result = self.start(), None, None
        try:
            command = next(generator)
            for answer in history:
                command = generator.send(answer)
            state = command, local_state(generator)
        except StopIteration as stop:
            command, result = None, stop.value
            state = ("ended", result)
        if state not in self.numbers:
            self.numbers[state] = len(self.commands)
            self.commands.append(command)
            self.results.append(result)
            self.histories.append(history)
        return self.numbers[state]

    def next(self, number, answer):
        key = number, answer
        if key not in self.successors:
            self.successors[key] = self.enter(self.histories[number] + (answer,))
        return self.successors[key]
