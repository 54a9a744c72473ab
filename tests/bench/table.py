# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows as text: a table for people, which is also Markdown."""


def number(value):
    """Three digits that say something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def state(goal):
    return f"{goal.text}: {'met' if goal.met else '**missed**'} ({number(goal.value)})"


def lines_of(row):
    """One line for each peer: its figures, and how much ours are of them."""
    for name, figures in row.figures.items():
        of = row.ratios.get(name)
        yield (name, number(figures.median), number(figures.p99),
               f"{of.median:.2f} ({of.low:.2f}–{of.high:.2f})" if of else "",
               f"{of.p99:.2f}" if of else "")


def markdown(rows):
    """The ratios are the point; times are of this one machine, and claimed nowhere."""
    out = ["| measure | who | p50 | p99 | ratio of p50 (middle half of rounds) | ratio of p99 |",
           "|---|---|---|---|---|---|"]
    for row in rows:
        title = f"**{row.title}**" + (f" ({row.unit})" if row.unit else "")
        for line in lines_of(row):
            out.append(f"| {title} | " + " | ".join(line) + " |")
            title = ""
        for text in [state(goal) for goal in row.goals] + ([row.note] if row.note else []) \
                + [f"not here: {text}" for text in row.missing]:
            out.append(f"| | *{text}* | | | | |")
    return "\n".join(out) + "\n"


def put_into(path, text):
    """Between the marks that the document has for it."""
    begin, end = "<!-- table -->", "<!-- /table -->"
    document = path.read_text(encoding="utf-8")
    before, mark, rest = document.partition(begin)
    if not mark or end not in rest:
        raise RuntimeError(f"{path} has no place for the table: {begin} {end}")
    path.write_text(f"{before}{begin}\n{text}{rest[rest.index(end):]}", encoding="utf-8")
