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
import pathlib
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
    tap.done()


if __name__ == "__main__":
    main()
