# SPDX-License-Identifier: Apache-2.0
"""One run of the bench: starts what is needed, takes measurements in turns, ends what it started."""
import concurrent.futures
import contextlib
import sys
import time

import measures
import mongo
import table
from load import send


class Run:
    def __init__(self, scale):
        self.scale = scale
        self.kept = {}
        self.faults = {}
        self.stack = contextlib.ExitStack()
        self.figures = {}       # MEASURE.FIGURE: its value in each round
        self.failures = {}      # measure: why there is none

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def once(self, key, make):
        """What make() gives, made at the first call; what could not be made is not tried again."""
        if key in self.faults:
            raise RuntimeError(self.faults[key])
        if key not in self.kept:
            try:
                self.kept[key] = make()
            except Exception as fault:
                self.faults[key] = f"{key}: {fault}"
                raise
        return self.kept[key]

    def service(self, name):
        return self.once(name, lambda: self.start_service(name))

    def start_service(self, name):
        say(f"starting {name}")
        service = table.SERVICES[name](self).start()
        self.stack.callback(service.close)
        if service.count:
            service.fill()
            send(service.port, service.gets_by_name(), self.scale.seconds, measures.BUSY)
        if name == "flask":
            self.tune(service)
        return service

    def server(self):
        """The one server of all that is on MongoDB."""
        def start():
            server = mongo.start_server()
            self.stack.callback(server.close)
            return server
        return self.once("server", start)

    def tune(self, flask):
        """Takes the number of workers and threads that gives the most GETs."""
        def worth(choice):
            flask.restart(*choice)
            return send(flask.port, flask.gets_by_name(), self.scale.seconds, measures.BUSY)["rate"]

        flask.restart(*max(self.scale.flask, key=worth))
        say(f"flask: {flask.workers} workers of {flask.threads} threads")

    def trim_logs(self):
        for name in table.SERVICES:
            if name in self.kept:
                self.kept[name].trim_logs()

    @staticmethod
    def parallel(functions):
        with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
            for done in [pool.submit(function) for function in functions]:
                done.result()

    # Measuring.

    def measure(self, measures_wanted):
        groups = dict.fromkeys(one.group for one in measures_wanted)
        for group in groups:
            begin = time.monotonic()
            self.measure_group(group, [one for one in measures_wanted if one.group == group])
            say(f"{group}: {time.monotonic() - begin:.0f} s")

    def measure_group(self, group, members):
        rounds = min(self.scale.rounds, table.FEW_ROUNDS.get(group, self.scale.rounds))
        for number in range(rounds):
            # To and fro: what slows down or speeds up steadily is fair to all.
            for one in members if number % 2 == 0 else members[::-1]:
                if one.name not in self.failures:
                    self.take(one)

    def take(self, measure):
        try:
            figures = measure.take(self)
        except Exception as fault:      # the others go on
            say(f"{measure.name} FAILED: {fault}")
            self.failures[measure.name] = str(fault)
            self.figures = {name: of for name, of in self.figures.items() if name.split(".")[0] != measure.name}
            return
        for name, value in figures.items():
            self.figures.setdefault(f"{measure.name}.{name}", []).append(value)


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)
