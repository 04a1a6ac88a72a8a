"""Bytes that claim to be text are decoded, or recognised as no text at all."""

import codecs

from lib.domain.languages import word_share

# A file that begins so says itself how it is written; UTF-32 first, its mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What texts without Unicode are written in, the likeliest first.
_LEGACY = (
    "cp1252", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1255", "cp1256",
    "euc_jp", "shift_jis", "gb18030", "big5", "euc_kr",
)  # fmt: skip
_SAMPLE_BYTES = 20_000
# Less than this share of function words is chance: then the first, Western European, encoding.
_LEAST_SHARE = 0.05
# Text files hold a form feed or an escape at times; compiled programs and pictures have 10 %.
_MOST_CONTROLS = 0.01
_CONTROLS = dict.fromkeys([*range(1, 9), *range(14, 27), *range(28, 32), 127])


def decode_text(data: bytes, *, declared: str | None = None, complete: bool = True) -> str | None:
    """Decode by byte order mark, as UTF-8, or in an older encoding; None if it is no text.

    Args:
        data: the file, or its beginning.
        declared: the older encoding that the file names; without it the likeliest is taken.
        complete: False if more follows, so that a character may be cut at the end.
    """
    text = _decode(data, declared, complete=complete)
    if text is None or "\0" in text:
        return None
    controls = len(text) - len(text.translate(_CONTROLS))
    return text if controls <= _MOST_CONTROLS * len(text) else None


def _decode_as(data: bytes, encoding: str, *, complete: bool = True) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data, final=complete)
    except (
        UnicodeError,
        LookupError,
        TypeError,
    ):  # TypeError: a codec that gives no text, such as hex
        return None


def _decode(data: bytes, declared: str | None, *, complete: bool) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_as(data[len(mark) :], encoding, complete=complete)
    if b"\0" in data:
        return None
    for encoding in ("utf-8", declared):
        text = _decode_as(data, encoding, complete=complete) if encoding else None
        if text is not None:
            return text
    return _decode_legacy(data, complete=complete)


def _decode_legacy(data: bytes, *, complete: bool) -> str | None:
    """Take the encoding in which the beginning holds the most function words of one language."""
    samples = {name: _decode_as(data[:_SAMPLE_BYTES], name, complete=False) for name in _LEGACY}
    shares = {
        name: word_share(sample) * _letter_share(sample)
        for name, sample in samples.items()
        if sample
    }
    if not shares:
        return None
    likeliest = max(shares, key=lambda name: shares[name] if shares[name] > _LEAST_SHARE else 0)
    return _decode_as(data, likeliest, complete=complete)


def _letter_share(text: str) -> float:
    """Return how many of the characters beyond ASCII are letters: signs betray the wrong encoding."""
    beyond = [character.isalpha() for character in text if not character.isascii()]
    return sum(beyond) / len(beyond) if beyond else 1.0
