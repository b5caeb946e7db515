# SPDX-License-Identifier: Apache-2.0
"""All states that a scenario can come to, each of them judged.

A state: the world, how many answers may still be lost, where each actor stands, and the late commands:
writes whose answer was lost and which the server may carry out at any time from then on, or never.
Worlds and the actors' local states are numbers here. Breadth first: the first way to a fault is a shortest.
"""
import collections

from saga_judge import fault_of_step, faults_at_end, faults_now, traces_of_death
from saga_machine import Machine
from saga_scenarios import actors_of, world_of
from saga_upkeep import janitor
from saga_world import LOST, WRITES, serve


def run_alone(machine, world, actor):
    """-> the result, and after how many commands, when nothing else happens"""
    local = count = 0
    while machine.commands[local] is not None:
        world, answer = serve(world, actor, machine.commands[local])
        local = machine.next(local, answer)
        count += 1
    return machine.results[local], count


class Numbers:
    """Gives each value a number of its own."""

    def __init__(self):
        self.values, self.numbers = [], {}

    def __call__(self, value):
        number = self.numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number

    def __getitem__(self, number):
        return self.values[number]


class Search:
    def __init__(self, scenario, losses):
        self.start, self.losses = world_of(scenario), losses
        self.actors = actors_of(scenario)
        self.machines = [Machine(actor.run) for actor in self.actors]
        self.janitor = Machine(lambda: janitor("janitor"))
        self.worlds, self.late = Numbers(), Numbers()
        self.known_moves, self.known_steps, self.known_ends, self.known_results = {}, {}, {}, {}
        self.parents = {}  # state -> the one before it
        self.judged = {}  # (world, answers) -> faults
        self.faults = {}  # what is wrong -> the first state in which it is
        self.counts = collections.Counter()  # what is wrong -> in how many ends or commands

    # ---- what may happen next

    def apply(self, index, world, command):
        """-> the world after an actor's command, the answer, what is wrong with it"""
        key = index, world, command
        if key not in self.known_steps:
            before = self.worlds[world]
            after, answer = serve(before, f"p{index}", command)
            fault = fault_of_step(before, self.actors[index], command, after)
            self.counts.update([fault] if fault else [])
            self.known_steps[key] = self.worlds(after), answer, fault
        return self.known_steps[key]

    def moves(self, index, world, local):
        """-> what may come of an actor's next command:
        (world, local state, the command if it may be carried out late, the command, its answer, its fault)"""
        machine, command = self.machines[index], self.machines[index].commands[local]
        if command is None:
            return
        after, answer, fault = self.apply(index, world, command)
        yield after, machine.next(local, answer), None, command, answer, fault
        if command[0] in WRITES and self.losses:
            yield world, machine.next(local, LOST), self.late((index, command)), command, LOST, ""

    def following(self, state):
        """-> what may happen next: (state, actor's number, command, answer, whether that is late, fault)"""
        world, losses, locals, late = state
        for index, local in enumerate(locals):
            key = index, world, local
            if key not in self.known_moves:
                self.known_moves[key] = tuple(self.moves(*key))
            for after, successor, lost, command, answer, fault in self.known_moves[key]:
                where = locals[:index] + (successor,) + locals[index + 1:]
                if lost is None:
                    yield (after, losses, where, late), index, command, answer, False, fault
                elif losses:
                    yield (after, losses - 1, where, late + (lost,)), index, command, answer, False, fault
        for place, number in enumerate(late):
            index, command = self.late[number]
            after, answer, fault = self.apply(index, world, command)
            rest = late[:place] + late[place + 1:]
            yield (after, losses, locals, rest), index, command, answer, True, fault

    # ---- judging

    def settled(self, world):
        """-> the world after one pass of the janitor that nothing disturbs"""
        machine, local, path = self.janitor, 0, []
        while (world, local) not in self.known_ends and machine.commands[local] is not None:
            path.append((world, local))
            after, answer = serve(self.worlds[world], "janitor", machine.commands[local])
            world, local = self.worlds(after), machine.next(local, answer)
        end = self.known_ends.get((world, local), world)
        self.known_ends.update(dict.fromkeys(path, end))
        return end

    def alone(self, operation, world, *arguments):
        """-> what an operation returns if nothing else happens"""
        key = operation, world, arguments
        if key not in self.known_results:
            self.known_results[key] = run_alone(Machine(lambda: operation(*arguments)), world, "alone")[0]
        return self.known_results[key]

    def judge(self, world, locals):
        answers = tuple([machine.results[local] for machine, local in zip(self.machines, locals)])
        if (world, answers) not in self.judged:
            before, after = self.worlds[world], self.worlds[self.settled(world)]
            faults = faults_now(before, self.actors, answers, self.alone)
            faults |= faults_at_end(after, self.actors, answers)
            self.judged[world, answers] = faults
            self.counts.update(faults)
        return self.judged[world, answers]

    # ---- the search

    def run(self, most=None, until=None):
        """-> self. most: states to look at; until(faults): that is enough."""
        start = self.worlds(self.start), self.losses, (0,) * len(self.actors), ()
        parents, order = self.parents, [start]
        parents[start] = None
        for state in order:
            for fault in self.judge(state[0], state[2]):
                self.faults.setdefault(fault, state)
            for new, *_, fault in self.following(state):
                if new not in parents:
                    parents[new] = state
                    order.append(new)
                if fault:
                    self.faults.setdefault(fault, new)
            if (most and len(order) > most) or (until and until(self.faults)):
                break
        return self

    def path(self, state):
        """-> the steps of a shortest way to a state: [actor's number, command, answer, late]"""
        steps = []
        while self.parents[state] is not None:
            before = self.parents[state]
            steps.append(next(step for new, *step, _ in self.following(before) if new == state))
            state = before
        return steps[::-1]

    def finished(self):
        """-> the first state in which all actors have finished"""
        def ended(state):
            return all(machine.commands[local] is None for machine, local in zip(self.machines, state[2]))
        return next(state for state in self.parents if ended(state))

    def left_behind(self):
        """-> how many ends have what, before the janitor"""
        worlds = {world for world, _ in self.judged}
        return collections.Counter(trace for world in worlds for trace in traces_of_death(self.worlds[world]))
