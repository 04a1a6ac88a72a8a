"""The text of a page as it is stored, served and quoted: offsets of citations refer to what `clean` returns."""

import re

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# The soft hyphen is seen where it stands at a line's end, and nowhere else.
_SEEN_HYPHEN = re.compile("\xad\\s*\n")
# Control characters but tab and newline, lone surrogates, noncharacters, the byte order mark,
# the soft hyphen and the zero width space: nobody sees them, Postgres refuses some, search trips over all.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\ufeff\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
_TRAILING_SPACE = re.compile(r"[^\S\n]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{4,}")


def clean(text: str) -> str:
    r"""Drop what nobody sees; keep every visible character as it was written.

    Newlines become `\n`, spaces at a line's end and more than two blank lines in a row go. Nothing
    is normalised: mathematical letters, emoji and combining accents stay as they are.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _SEEN_HYPHEN.sub("-\n", text)
    text = _UNSEEN.sub("", text)
    text = _TRAILING_SPACE.sub("", text)
    return _BLANK_LINES.sub("\n\n\n", text).strip("\n")
