# SPDX-License-Identifier: Apache-2.0
"""The chart of the peers side by side, as SVG: one panel a question, one bar a peer. Needs nothing but Python."""
import math
import statistics
from xml.sax.saxutils import escape

WIDTH, COLUMNS = 880, 2
LEFT, RIGHT, TOP, BOTTOM, BAR, GAP = 118, 64, 34, 40, 15, 7      # of a panel, in pixels

LIMIT, SQLITE, MONGODB, FLASK = "limit", "sqlite", "mongodb", "flask"
NAMES = {LIMIT: "the limit", SQLITE: "orgd, SQLite", MONGODB: "orgd, MongoDB", FLASK: "Flask, MongoDB"}

# (title, axis, ((peer, figure), ...))
PANELS = (
    ("Lookups by name", "requests a second", (
        (LIMIT, "constant.rate"), (SQLITE, "get_name.rate"), (MONGODB, "get_mongodb.rate"),
        (FLASK, "get_flask.rate"))),
    ("Token-checked requests", "requests a second", (
        (LIMIT, "constant.rate"), (SQLITE, "token.rate"), (MONGODB, "token_mongodb.rate"),
        (FLASK, "token_flask.rate"))),
    ("Logins at bcrypt cost 10", "logins a second", (
        (LIMIT, "crypt.rate"), (SQLITE, "login.rate"), (MONGODB, "login_mongodb.rate"),
        (FLASK, "login_flask.rate"))),
    ("Lookups while logins storm", "ms at the 99th percentile (less is better)", (
        (SQLITE, "storm.p99"), (FLASK, "storm_flask.p99"))),
    ("Rename with 1,000,000 documents", "ms, logarithmic (less is better)", (
        (SQLITE, "rename_many.ms"), (MONGODB, "rename_many_mongodb.ms"), (FLASK, "rename_many_flask.ms"))),
    ("Start to first answer", "ms (less is better)", (
        (SQLITE, "start.ms"), (MONGODB, "start_mongodb.ms"), (FLASK, "start_flask.ms"))),
    ("Memory after load", "MB, shared pages counted once (less is better)", (
        (SQLITE, "memory.loaded_pss"), (MONGODB, "memory_mongodb.loaded_pss"),
        (FLASK, "memory_flask.loaded_pss"))),
)

STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 13px; }
.faint { fill: #57606a; font-size: 11px; }
.axis { stroke: #57606a; } .grid { stroke: #d0d7de; } .spread { stroke: #24292f; }
.limit { fill: #8c959f; } .sqlite { fill: #0969da; } .mongodb { fill: #1a7f37; } .flask { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .faint { fill: #9198a1; } .axis { stroke: #9198a1; } .grid { stroke: #3d444d; }
  .spread { stroke: #e6edf3; } .limit { fill: #6e7681; } .sqlite { fill: #4493f8; } .mongodb { fill: #3fb950; }
  .flask { fill: #f0883e; }
}
"""


def text(x, y, content, kind="", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def number(value):
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def short(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def step(most):
    """A round distance of ticks, of which three to six reach the most."""
    unit = 10 ** math.floor(math.log10(most))
    return next(unit * part for part in (0.2, 0.5, 1, 2) if most / (unit * part) <= 6)


class Scale:
    """Where a value stands on an axis from `left`, `width` pixels long."""

    def __init__(self, most, left, width, logarithmic):
        self.left, self.width, self.logarithmic = left, width, logarithmic
        if logarithmic:
            self.most = 10 ** math.ceil(math.log10(most))
            self.least = 0.1
            self.ticks = [10 ** power for power in range(-1, round(math.log10(self.most)) + 1)]
        else:
            self.most, self.least = most, 0
            self.ticks = [step(most) * count for count in range(int(most / step(most)) + 1)]

    def at(self, value):
        if self.logarithmic:
            share = math.log10(max(value, self.least) / self.least) / math.log10(self.most / self.least)
        else:
            share = value / self.most
        return self.left + self.width * share


def panel_height(bars):
    return TOP + BOTTOM + len(bars) * (BAR + GAP) + 14


def panel(title, axis, bars, figures, x, y):
    width = WIDTH / COLUMNS - LEFT - RIGHT
    foot = y + TOP + len(bars) * (BAR + GAP)
    most = max(max(figures[name]) for _, name in bars)
    scale = Scale(most, x + LEFT, width, "logarithmic" in axis)
    yield text(x + 10, y + 18, title, "title")
    for tick in scale.ticks:
        yield line(scale.at(tick), y + TOP - 4, scale.at(tick), foot, "grid")
        yield text(scale.at(tick), foot + 14, short(tick), "faint", "middle")
    for place, (peer, name) in enumerate(bars):
        yield from bar(peer, figures[name], scale, y + TOP + place * (BAR + GAP), x)
    yield line(x + LEFT, y + TOP - 4, x + LEFT, foot, "axis")
    yield text(x + LEFT + width / 2, foot + 29, axis, "faint", "middle")


def bar(peer, values, scale, y, x):
    median, middle = statistics.median(values), y + BAR / 2
    yield text(x + LEFT - 6, y + 12, NAMES[peer], "", "end")
    yield (f'<rect x="{scale.left:.1f}" y="{y:.1f}" width="{max(scale.at(median) - scale.left, 1):.1f}" '
           f'height="{BAR}" rx="2" class="{peer}"/>')
    yield line(scale.at(min(values)), middle, scale.at(max(values)), middle, "spread")
    yield text(scale.at(max(values)) + 5, y + 12, number(median))


def draw(figures):
    """The chart of those panels whose figures were measured."""
    shown = []
    for title, axis, bars in PANELS:
        there = [(peer, name) for peer, name in bars if figures.get(name)]
        if there:
            shown.append((title, axis, there))
    parts, y = [], 0
    for first in range(0, len(shown), COLUMNS):
        pair = shown[first:first + COLUMNS]
        for column, (title, axis, bars) in enumerate(pair):
            parts.extend(panel(title, axis, bars, figures, column * WIDTH / COLUMNS, y))
        y += max(panel_height(bars) for _, _, bars in pair)
    legend = "Bars: medians of interleaved rounds; thin lines: from the lowest to the highest round."
    parts.append(text(10, y + 8, legend, "faint"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 18}" width="{WIDTH}" '
            f'height="{y + 18}" role="img" aria-label="orgd and its peers side by side">\n<style>{STYLE}</style>\n'
            + "\n".join(parts) + "\n</svg>\n")
