"""Short quotes in Chinese and Japanese: what stands whole between two marks of punctuation may be quoted.

A sentence there often has a dozen characters: a quarter of those in the bench's Chinese files is shorter than what a quote
must have elsewhere. To ask for whole clauses is what keeps the short ones honest: nothing is cut off at either end.
"""

import re

from lib.domain.folding import Folded
from lib.domain.languages import is_dense

# As much as 20 Latin letters say. Thai, Lao and Khmer are spelt with letters, and are not meant here.
SHORTEST_CLAUSE = 8
# No colon, quotation mark or bracket before it: what follows one is said by somebody, or is an example of a mistake.
_MARK = "[,;!?\uff0c\uff1b\uff01\uff1f\u3002\uff61]"
_BEFORE = re.compile(rf"(?:\A|{_MARK}|\n[^\S\n]*\n|(?:\A|\n)[^\S\n]*[-*\u2022\u2013])\s*\Z")
_AFTER = re.compile(rf"\s*(?:\Z|{_MARK}|[:\uff1a]|\n[^\S\n]*\n)")
_REACH = 40  # characters beside it; more white space is no paragraph


def is_clause(folded: str) -> bool:
    """Say whether a short quote is long enough as one of a script that says much with few characters."""
    return len(folded) >= SHORTEST_CLAUSE and is_dense(folded)


def stands_alone(whole: Folded, start: int, end: int) -> bool:
    """Say whether `whole.text[start:end]` is a whole clause, or several."""
    first, last = whole.starts[start], whole.ends[end - 1]
    before = whole.source[max(0, first - _REACH) : first]
    if first > _REACH:
        before = f"\x00{before}"  # not the beginning of the text
    after = whole.source[last : last + _REACH]
    if last + _REACH < len(whole.source):
        after = f"{after}\x00"
    closes = re.match(_MARK, whole.source[last - 1]) is not None
    return _BEFORE.search(before) is not None and (closes or _AFTER.match(after) is not None)
