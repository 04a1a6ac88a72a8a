"""Files without pages of their own are cut into parts: the same text always into the same parts."""

from lib.domain.cutting import find_cut

# The contract's limit: what a reader takes in at a glance, and about a printed page.
PART_CHARACTERS = 3000
# A part ends early, at a heading or paragraph, only when it is half full: a file of many short
# sections would otherwise become as many parts.
_EARLIEST = PART_CHARACTERS // 2


def cut_into_parts(text: str) -> list[str]:
    """Cut a cleaned text; headings open a part where they can, and blank parts do not exist."""
    parts: list[str] = []
    start = 0
    while len(text) - start > PART_CHARACTERS:
        cut = find_cut(text, start + _EARLIEST, start + PART_CHARACTERS)
        parts.append(text[start:cut])
        start = cut
    parts.append(text[start:])
    return [part.strip("\n").rstrip() for part in parts if part.strip()]
