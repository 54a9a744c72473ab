#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What psctl draws, of records that are written down beside this file.

usage: pictures.py PRINT-PICTURE [--write]

Each picture is what the .svg beside its .records says (--write makes it so: look at it then). It is
well-formed, refers to nothing outside, and has every coordinate within its viewport. Where rsvg-convert
is there, it is rendered, with a margin around the viewport: there is something to be seen in it, and
nothing at all around it.
"""

import collections
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from checks import Tap  # pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).resolve().parent
SVG = "{http://www.w3.org/2000/svg}"
MARGIN = 60
KNOWN = {"svg", "title", "desc", "style", "rect", "line", "circle", "path", "text"}


def draw(program, records):
    kind = records.name.split("-")[0]
    return subprocess.run([program, kind], stdin=records.open("rb"), capture_output=True, check=True,
                          env={"LC_ALL": "C.UTF-8", "TZ": "Pacific/Apia"}).stdout


def compare(text, golden):
    if not golden.exists():
        return [f"{golden.name} is not there"]
    lines, wanted = text.splitlines(), golden.read_bytes().splitlines()
    return [] if lines == wanted else [
        f"it is not what {golden.name} says; the first lines that differ:",
        *[f"{ours!r} instead of {theirs!r}" for ours, theirs in zip(lines, wanted)
          if ours != theirs][:3]]


def coordinates(element):
    """Those of x and those of y."""
    def number(name):
        return float(element.get(name, "0"))

    tag = element.tag.removeprefix(SVG)
    if tag == "rect":
        return ([number("x"), number("x") + number("width")],
                [number("y"), number("y") + number("height")])
    if tag == "line":
        return [number("x1"), number("x2")], [number("y1"), number("y2")]
    if tag == "circle":
        return ([number("cx") - number("r"), number("cx") + number("r")],
                [number("cy") - number("r"), number("cy") + number("r")])
    if tag == "path":
        numbers = [float(word) for word in re.findall(r"-?[\d.]+", element.get("d"))]
        return numbers[::2], numbers[1::2]
    return ([number("x")], [number("y")]) if tag == "text" else ([], [])


def check_document(text):
    root = ElementTree.fromstring(text)
    _, _, width, height = map(float, root.get("viewBox").split())
    problems = []
    for element in root.iter():
        tag = element.tag.removeprefix(SVG)
        if tag not in KNOWN:
            problems.append(f"there is a <{tag}>")
        problems += [f"<{tag} {name}=…>" for name in element.keys()
                     if name.startswith("on") or "href" in name]
        xs, ys = coordinates(element)
        if any(not 0 <= x <= width for x in xs) or any(not 0 <= y <= height for y in ys):
            problems.append(f"outside: {ElementTree.tostring(element)!r}")
    style = root.find(f"{SVG}style").text
    if re.search(r"url|import", style) or "prefers-color-scheme:dark" not in style:
        problems.append("the style refers to something outside, or knows no dark")
    return problems


def read_png(data):
    """Width, height and the rows of an image of 8 bits, RGB or RGBA."""
    at, body, head = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", data[at + 8:at + 8 + length])
        elif kind == b"IDAT":
            body += data[at + 8:at + 8 + length]
        at += length + 12
    width, height, size = head[0], head[1], {2: 3, 6: 4}[head[3]]
    raw, rows, above = zlib.decompress(body), [], bytearray(width * size)
    for y in range(height):
        start = y * (width * size + 1)
        row = unfilter(raw[start], bytearray(raw[start + 1:start + 1 + width * size]), above, size)
        rows.append([bytes(row[x:x + size]) for x in range(0, len(row), size)])
        above = row
    return width, height, rows


def unfilter(kind, row, above, size):
    if kind == 0:
        return row
    if kind == 2:
        return bytearray(map(lambda pair: sum(pair) & 255, zip(row, above)))
    for i, byte in enumerate(row):
        left = row[i - size] if i >= size else 0
        corner = above[i - size] if i >= size else 0
        guess = left + above[i] - corner
        paeth = min((left, above[i], corner), key=lambda value: abs(guess - value))
        row[i] = (byte + (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255
    return row


def check_rendered(text):
    """At half its size, with a margin added to what the document says it shows."""
    width, height = map(int, re.search(rb'viewBox="0 0 (\d+) (\d+)"', text).groups())
    wider = re.sub(rb'width="\d+" height="\d+" viewBox="[^"]*"',
                   b'width="%d" height="%d" viewBox="%d %d %d %d"' % (
                       (width + 2 * MARGIN) // 2, (height + 2 * MARGIN) // 2, -MARGIN, -MARGIN,
                       width + 2 * MARGIN, height + 2 * MARGIN), text, count=1)
    done = subprocess.run(["rsvg-convert"], input=wider, capture_output=True, check=True)
    columns, n_rows, rows = read_png(done.stdout)
    if (columns, n_rows) != ((width + 2 * MARGIN) // 2, (height + 2 * MARGIN) // 2):
        return [f"it is {columns} by {n_rows} pixels large"]
    edge = MARGIN // 2
    inside = [pixel for row in rows[edge:-edge] for pixel in row[edge:-edge]]
    # Half a pixel at the edges may be of both.
    around = {pixel for y, row in enumerate(rows) for pixel in (
        row if y < edge - 1 or y > n_rows - edge else [*row[:edge - 1], *row[1 - edge:]])}
    drawn = 1 - collections.Counter(inside).most_common(1)[0][1] / len(inside)
    return ([f"only {drawn:.1%} of it is drawn"] if drawn < 0.03 else []) + (
        [f"around it there are {len(around)} colours"] if len(around) != 1 else [])


NUMBERS = [0, 1, -1, 64, 10 ** 6, 10 ** 9, 2 ** 31, 2 ** 63 - 1, -2 ** 63, 10 ** 15, "", "x"]
TEXTS = ["", "a", "flush_queue", "W" * 300, "<&>\"'", "\\033[2J", "\\377\\376", "中" * 40, "a b" * 99,
         "\\342\\200\\256", "\\314\\201" * 50, "]]>", "${x}", "%s%n"]
FIELDS = {
    "RUN_BEGUN": "",
    "EXIT_BEGUN": "CAUSE:w SIGNAL:t CODE:n STEPS:n DEADLINE_USEC:n SENDER_PID:n SENDER_COMM:t",
    "SIGNAL_AGAIN": "CAUSE:w SIGNAL:t",
    "STEP_BEGUN": "EVENT:e STEP:t STEP_NUMBER:n STEP_PRIORITY:n",
    "STEP_DONE": "EVENT:e STEP:t STEP_NUMBER:n DURATION_USEC:n",
    "STEP_SKIPPED": "EVENT:e STEP:t STEP_NUMBER:n REASON:t",
    "HOLD_DROPPED": "EVENT:e STEP:t STEP_NUMBER:n HOLD_WHY:t REASON:t DURATION_USEC:n",
    "CALLBACK_FAILED": "EVENT:e STEP:t ERROR:t",
    "EXIT_FINISHED": "STATUS:n DURATION_USEC:n STEPS_RUN:n",
    "EXIT_FORCED": "STATUS:n REASON:t STEP:t DURATION_USEC:n",
}
WORDS = {
    "n": NUMBERS, "t": TEXTS, "w": ["signal", "quit", "exit", "loop", "crash", "?"],
    "e": ["query", "checkpoint", "terminate", "quit", "finish", "reload", "<e>"],
}


def random_records(seed):
    chance = random.Random(seed)
    at, lines = 0, ["0 RUN_BEGUN PS_VERSION=1", "1 EXIT_BEGUN PS_CAUSE=signal"]
    for _ in range(chance.randrange(120)):
        at += chance.choice([0, 0.001, 1, 50, 3 * 10 ** 6, 10 ** 10])
        kind = chance.choice(list(FIELDS)[1:])
        fields = [word.split(":") for word in FIELDS[kind].split() if chance.random() < 0.9]
        lines.append(f"{at} {kind} " + "|".join(
            f"PS_{name}={chance.choice(WORDS[what])}" for name, what in fields))
    return "\n".join(lines)


def check_random(tap, program):
    """Whatever is logged, the picture is a document, and all of it within its viewport."""
    count, problems, drawn = 2000 if os.environ.get("TESTS") == "long" else 40, [], 0
    for seed in range(count):
        for kind in ("exit", "blame"):
            done = subprocess.run([program, kind], input=random_records(seed).encode(),
                                  capture_output=True, check=False)
            if done.returncode != 0:
                problems.append(f"seed {seed}, {kind}: {done.returncode} {done.stderr!r}")
            elif done.stdout:
                drawn += 1
                problems += [f"seed {seed}, {kind}: {problem}"
                             for problem in check_document(done.stdout)]
    tap.case(f"{count} exits of random records, within their viewports",
             problems[:10] if drawn > count else ["hardly any was drawn"])


def main():
    program, write = sys.argv[1], "--write" in sys.argv
    renders = shutil.which("rsvg-convert") is not None
    tap = Tap()
    for records in sorted(HERE.glob("*.records")):
        golden, text = records.with_suffix(".svg"), draw(program, records)
        if write:
            golden.write_bytes(text)
        tap.case(f"{golden.name} is drawn as before", compare(text, golden))
        tap.case(f"{golden.name} is a document by itself, all within its viewport",
                 check_document(text))
        if renders:
            tap.case(f"{golden.name} is rendered, all within its viewport", check_rendered(text))
        else:
            tap.skip(f"{golden.name} is rendered", "rsvg-convert is not installed")
    check_random(tap, program)
    tap.done()


if __name__ == "__main__":
    main()
