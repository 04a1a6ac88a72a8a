"""What bench/first_word.py makes of the processor's time that it has counted."""

import pytest

from bench.first_word import Alone, Heard, Streams, split_work


def answers(words: int, worked: list[float]) -> Alone:
    heard = [Heard(first=300.0, calls=80.0, words=words, is_whole=True) for _ in worked]
    return Alone(heard, worked)


def test_what_words_take_is_told_from_what_a_question_takes_without_them():
    # 8 ms and 0.5 ms a word, one after the other; at once 0.3 ms a word.
    short, long = answers(10, [13.0, 13.0, 13.0]), answers(60, [38.0, 38.0, 38.0])
    at_once = Streams([300.0] * 100, words=6_000, processor_seconds=100 * 0.008 + 6_000 * 0.0003)

    figures = {figure.name: figure.value for figure in split_work(long, short, at_once)}

    assert figures == pytest.approx(
        {
            "words of an answer": 60,
            "a question, its words left out": 8,
            "a word, one question after the other": 0.5,
            "a word, 100 answers at once": 0.3,
            "words a second that a processor keeps up with": 1_000 / 0.3,
        }
    )
