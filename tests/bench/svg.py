# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures: panels of bars, panels of curves. Written by hand, since that is all it takes.

They stand on a light and on a dark page alike: the background is their own.
"""

import html
import math

OURS = "libpostscriptum"
STYLE = """<style>
text { font: 12px sans-serif; fill: #333 }
.title { font-weight: bold; font-size: 13px }
.small { font-size: 10.5px; fill: #666 }
.ours { fill: #1f6feb } .other { fill: #b6bec9 } .tail { stroke: #555; stroke-width: 1 }
.grid { stroke: #e3e6ea; stroke-width: 1 } .fit { stroke: #d1242f; stroke-dasharray: 5 4; fill: none }
.curve { fill: none; stroke-width: 2 }
</style>"""
COLOURS = ("#1f6feb", "#8250df", "#1a7f37", "#bf8700", "#57606a")
PANEL_WIDTH, LABELS, BAR, GAP = 520, 190, 16, 5


def text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
            f'{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{html.escape(words)}</text>')


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def document(width, height, parts):
    return (f'<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n{STYLE}\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def arrange(panels, height_of, draw):
    """Two panels side by side; each row as high as its higher one."""
    parts, y = [], 0
    for pair in zip(panels[::2], [*panels[1::2], None]):
        for column, panel in enumerate(pair):
            if panel is not None:
                parts += [f'<g transform="translate({column * PANEL_WIDTH},{y})">', *draw(panel), "</g>"]
        y += max(height_of(panel) for panel in pair if panel is not None)
    return document(PANEL_WIDTH * min(2, len(panels)), y, parts)


# --- Bars ----------------------------------------------------------------------------------------

def bars_height(panel):
    return 52 + len(panel[2]) * (BAR + GAP) + 14


def bars_panel(panel):
    """Title, unit, bars as (name, median, p99). Logarithmic where they are far apart."""
    title, unit, bars = panel
    room = PANEL_WIDTH - LABELS - 110
    values = [median for _, median, _ in bars if median > 0]
    low, high = min(values), max(values)
    logarithmic = high > 30 * low
    ours = next((median for name, median, _ in bars if name == OURS), 0)

    def length(value):
        if not logarithmic:
            return room * min(1, value / high)
        base = low / 2
        return room * max(0, min(1, math.log(max(value, base) / base) / math.log(high / base)))

    yield text(12, 24, title, "title")
    yield text(12, 40, f"{unit}, median{', logarithmic' if logarithmic else ''}; in brackets: "
               f"{OURS} is … times that", "small")
    for at, (name, median, _) in enumerate(bars):
        y = 50 + at * (BAR + GAP)
        mine = name.startswith(OURS)
        yield text(LABELS - 6, y + 12.5, name, "", "end")
        yield (f'<rect x="{LABELS}" y="{y}" width="{max(1, length(median)):.1f}" height="{BAR}" '
               f'class="{"ours" if mine else "other"}"/>')
        of = "" if name == OURS or median <= 0 else f" ({ours / median:.2f})"
        yield text(LABELS + length(median) + 5, y + 12.5, number(median) + of)


def bars(panels):
    return arrange(panels, bars_height, bars_panel)


# --- Curves --------------------------------------------------------------------------------------

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 62, 130, 48, 34


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:g} {unit}"
    return f"{ns:g} ns"


def curves_panel(panel):
    """Title, curves as (name, points), factor of n log n. Both axes are logarithmic."""
    title, curves, factor = panel
    every = [point for _, points in curves for point in points]
    n_low, n_high = (math.log10(f(n for n, _ in every)) for f in (min, max))
    low = math.floor(math.log10(min(ns for _, ns in every)))
    high = math.ceil(math.log10(max(ns for _, ns in every)))

    def place(n, ns):
        return (LEFT + (PANEL_WIDTH - LEFT - RIGHT) * (math.log10(n) - n_low) / (n_high - n_low),
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(ns) - low) / (high - low))

    def path(points):
        return "M" + " L".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)

    yield text(12, 24, title, "title")
    for power in range(low, high + 1):
        x, y = place(10 ** n_low, 10 ** power)
        yield f'<path class="grid" d="M{x:.1f},{y:.1f} H{PANEL_WIDTH - RIGHT}"/>'
        yield text(LEFT - 6, y + 4, duration(10 ** power), "small", "end")
    for power in range(round(n_low), round(n_high) + 1):
        yield text(place(10 ** power, 10 ** low)[0], HEIGHT - BOTTOM + 16, f"{10 ** power:,}", "small", "middle")
    line = [10 ** (n_low + (n_high - n_low) * i / 40) for i in range(41)]
    inside = [(n, factor * n * math.log2(n)) for n in line
              if 10 ** low <= factor * n * math.log2(n) <= 10 ** high]
    if len(inside) > 1:
        yield f'<path class="fit" d="{path(inside)}"/>'
    for at, (name, points) in enumerate(curves):
        colour = COLOURS[at % len(COLOURS)]
        yield f'<path class="curve" stroke="{colour}" d="{path(points)}"/>'
        for point in points:
            x, y = place(*point)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        y = TOP + 6 + at * 17
        yield f'<rect x="{PANEL_WIDTH - RIGHT + 8}" y="{y - 8}" width="10" height="10" fill="{colour}"/>'
        yield text(PANEL_WIDTH - RIGHT + 23, y + 1, name, "small")
    y = TOP + 6 + len(curves) * 17
    yield f'<path class="fit" d="M{PANEL_WIDTH - RIGHT + 4},{y - 3} h14"/>'
    yield text(PANEL_WIDTH - RIGHT + 23, y + 1, "n log n", "small")


def curves(panels):
    return arrange(panels, lambda panel: HEIGHT, curves_panel)
