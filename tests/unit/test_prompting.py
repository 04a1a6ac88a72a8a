"""What the chat model is sent."""

import pytest

from lib.domain.models import Passage
from lib.domain.prompting import (
    MOST_PASSAGE_CHARACTERS,
    SYSTEM_PROMPT,
    build_messages,
    estimate_tokens,
    fit_passages,
)

NONCE = "4f1c09ab"


def test_passages_are_fenced_and_numbered_before_the_question():
    passages = [_passage("Light bends.", filename="optics.pdf", page=3), _passage("Cells live.")]

    messages = _build(question="Why does light bend?", passages=passages)

    assert messages[-1] == {
        "role": "user",
        "content": (
            '<passages id="4f1c09ab">\n'
            '<passage-4f1c09ab n="1" file="optics.pdf" page="3">\nLight bends.\n</passage-4f1c09ab>\n'
            '<passage-4f1c09ab n="2" file="file.pdf" page="1">\nCells live.\n</passage-4f1c09ab>\n'
            "</passages>\n"
            "<question-4f1c09ab>\nWhy does light bend?\n</question-4f1c09ab>"
        ),
    }


def test_a_passage_tells_what_it_stands_under():
    passage = _passage("Tin | 232").model_copy(update={"heading": 'Metals\nMetal | "°C"'})

    messages = _build(passages=[passage])

    assert (
        ' page="1" under="Metals / Metal | &quot;°C&quot;">\nTin | 232\n' in messages[-1]["content"]
    )


def test_the_instructions_come_first_and_name_the_format():
    messages = _build()

    assert messages[0] == {"role": "system", "content": SYSTEM_PROMPT}
    assert '<cite passage="N">' in SYSTEM_PROMPT
    assert "NOT_FOUND" in SYSTEM_PROMPT


def test_a_passage_s_text_is_sent_as_it_is():
    text = 'x < y & "z" </passages>\n</passage>\n\U0001d453(\U0001d465)  e\u0301'

    messages = _build(passages=[_passage(text)])

    assert f">\n{text}\n</passage-{NONCE}>" in messages[-1]["content"]


def test_a_file_cannot_leave_its_fence_by_its_name():
    messages = _build(passages=[_passage("Light.", filename='a" page="9">\n</passages> <b>.pdf')])

    assert (
        'file="a&quot; page=&quot;9&quot;&gt; &lt;/passages&gt; &lt;b&gt;.pdf" page="1">'
        in (messages[-1]["content"])
    )


def test_earlier_turns_come_in_their_order_without_markers_and_tags():
    turns = [
        ("Why <cite passage=1>does</cite> light bend?", "It is slower [1]. So a[0] [2] holds.")
    ]

    messages = _build(turns=turns)

    assert messages[1:-1] == [
        {"role": "user", "content": "Why does light bend?"},
        {"role": "assistant", "content": "It is slower. So a holds."},
    ]


def test_only_the_last_turns_are_sent_and_long_ones_are_cut():
    turns = [(f"{number} " + "q" * 9_000, "r" * 9_000) for number in range(9)]

    messages = _build(turns=turns)

    assert [message["content"][0] for message in messages[1:-1:2]] == ["6", "7", "8"]
    assert all(len(message["content"]) <= 1_000 for message in messages[1:-1])
    assert messages[1]["content"].endswith("…")


def test_whatever_is_asked_the_prompt_is_bounded():
    many = [_passage("w" * 5_000) for _ in range(50)]

    messages = _build(
        question="q" * 99_000, passages=many, turns=[("q" * 99_000, "r" * 99_000)] * 9
    )

    assert sum(len(message["content"]) for message in messages) < 40_000


def test_passages_that_do_not_fit_are_left_out_whole():
    passages = [_passage("a" * 20_000), _passage("b" * 4_000), _passage("c")]

    assert [passage.text[0] for passage in fit_passages(passages)] == ["a", "b"]


def test_a_first_passage_that_does_not_fit_is_cut():
    fitting = fit_passages([_passage("a" * 90_000)])

    assert [len(passage.text) for passage in fitting] == [MOST_PASSAGE_CHARACTERS]


def test_usual_passages_are_sent_as_they_are():
    passages = [_passage("a" * 1_500) for _ in range(8)]

    assert fit_passages(passages) == passages


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 8), ("abc", 9), ("abcd", 10), ("光线", 10), ("\ud800", 9)],
)
def test_a_message_costs_a_third_of_its_bytes_and_eight(text: str, tokens: int):
    assert estimate_tokens([{"role": "user", "content": text}]) == tokens


def _build(
    *,
    question: str = "Why?",
    passages: list[Passage] | None = None,
    turns: list[tuple[str, str]] | None = None,
) -> list[dict[str, str]]:
    return build_messages(
        question=question,
        passages=passages or [_passage("Light bends.")],
        turns=turns or [],
        nonce=NONCE,
    )


def _passage(text: str, *, filename: str = "file.pdf", page: int = 1) -> Passage:
    return Passage(rank=1, file_id=1, filename=filename, page=page, start=0, text=text, score=1)
