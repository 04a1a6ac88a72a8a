"""What is stored of a page's text, and what of it nobody would miss."""

# ruff: noqa: RUF001 - rare letters are the point

import pytest

from lib.domain.texts import clean


@pytest.mark.parametrize(
    "text",
    [
        "𝑓(𝑥) = 𝛼",
        "👩\u200d🔬 🏳️",
        "e\u0301 n\u0303",
        "ﬁ ½ Ａ",
        "a\u00a0b",
        "  indented\n\ttab",
        "می\u200cخواهم",
    ],
)
def test_visible_characters_stay_as_they_were_written(text: str):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
        ("a\0b\x01\x7f\x9f\ufeff\u200b\ufffe\uffff\U0001fffe", "ab"),
        ("a\ud800b", "ab"),
        ("hy\xadphen", "hyphen"),
        ("hy\xad\nphen", "hy-\nphen"),
        ("a  \t\nb ", "a\nb"),
        ("\n\na\n\n\n\n\n\nb\n", "a\n\n\nb"),
        (" \n \n", ""),
    ],
)
def test_what_nobody_sees_goes(text: str, cleaned: str):
    assert clean(text) == cleaned
