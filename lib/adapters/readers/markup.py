"""Lists and tables as text that looks like Markdown."""

import re
from collections.abc import Iterable

_BETWEEN_ITEMS = re.compile(r"^(- .*)\n\s*\n(?=- )", re.MULTILINE)
# No cell of a table of data is so long; old web pages and forms arrange whole texts in tables.
_LONGEST_CELL = 1000


def table_lines(rows: Iterable[Iterable[str]]) -> str:
    """Return a line for each row that holds anything; line ends within a cell become spaces.

    A table that only arranges texts is given as these texts, one after the other.
    """
    table = [list(row) for row in rows]
    if any(len(cell) > _LONGEST_CELL for row in table for cell in row):
        return "\n\n".join(cell for row in table for cell in row)
    lines = [" | ".join(" ".join(cell.split()) for cell in row) for row in table]
    return "\n".join(line for line in lines if line.strip(" |"))


def join_blocks(blocks: Iterable[str]) -> str:
    """Set blocks apart by a blank line, the items of a list by none."""
    text = "\n\n".join(block for block in blocks if block.strip())
    return _BETWEEN_ITEMS.sub(r"\1\n", text)
