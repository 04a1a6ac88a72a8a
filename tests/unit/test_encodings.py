"""Bytes without a declared encoding are read as they were written, and no text is told as such."""

# ruff: noqa: RUF001 - many scripts are the point

import random

import pytest

from lib.domain.encodings import decode_text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe der Übung für Schüler", "cp1252"),
        ("naïve café", "cp1252"),
        ("Это простой текст о фотосинтезе и не только", "cp1251"),
        ("Это простой текст о фотосинтезе и не только", "koi8-r"),
        ("Zażółć gęślą jaźń i nie jest to że", "cp1250"),
        ("Η φωτοσύνθεση είναι μια διαδικασία", "cp1253"),
        ("Bu öğrencilerin için çalışma ve ışık nasıl değil mı", "cp1254"),
        ("光合作用是植物的过程，我们在这里学习它", "gb18030"),
        ("光合作用是植物的過程，我們在這裡學習它", "big5"),
        ("これは光合成の説明です。植物は光を", "shift_jis"),
        ("광합성은 식물이 빛을 이용하는 과정이다", "euc_kr"),
        ("a😀", "utf-16"),
        ("a😀", "utf-32"),
    ],
)
def test_the_likeliest_encoding_is_found(text: str, encoding: str):
    assert decode_text(text.encode(encoding)) == text


def test_an_encoding_that_the_file_names_comes_before_guessing():
    assert decode_text(b"\xe0", declared="cp1251") == "а"
    assert decode_text("é".encode(), declared="cp1251") == "é"
    assert decode_text(b"\xe0", declared="no such encoding") == "à"
    assert decode_text(b"61", declared="hex") == "61"


def test_a_letter_cut_at_the_end_is_no_error_in_a_beginning():
    cut = "Größe é".encode()[:-1]

    assert decode_text(cut, complete=False) == "Größe "


def test_bytes_of_no_text_are_none():
    noise = random.Random(1)  # noqa: S311 - the same noise each time

    assert decode_text(b"a\0b") is None
    assert [decode_text(noise.randbytes(4096)) for _ in range(50)] == [None] * 50
