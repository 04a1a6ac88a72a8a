"""The stream of a response: what is shown, what is cited, and that the cut of the deltas changes neither."""

# Texts in many alphabets, and chance that need not be secret:
# ruff: noqa: RUF001, S311

import random
import re

import pytest

from lib.domain.citing import CitationStream
from lib.domain.models import Citation, Passage

OPTICS = "Light\nA ray entering glass bends towards the normal. Its index is 175 % of air's & never < 1.0 here."
CELLS = (
    "Mitochondria make most of the cell's chemical energy. The tag </cite> ends a citation in HTML."
)
CHINESE = "光线进入玻璃时会向法线方向弯曲，因为光在玻璃中的速度比在空气中慢。"

HELD = '<cite passage="1">A ray entering glass bends towards the normal</cite>'
ALSO_HELD = '<cite passage="2">Mitochondria make most of the cell\'s chemical energy</cite>'
REFUSED = '<cite passage="1">A ray entering glass bends towards the surface</cite>'
WORDS = "A ray entering glass bends towards the normal"

SHOWN = {
    "a marker after a space": (f"Light bends in glass {HELD}.", "Light bends in glass [1]."),
    "a marker without a space": (f"Light bends in glass{HELD}.", "Light bends in glass [1]."),
    "a marker after a full stop": (f"Light bends. {HELD} So it is.", "Light bends. [1] So it is."),
    "a marker before a word": (f"Light {HELD}bends.", "Light [1] bends."),
    "a marker with spaces around": (f"Light  {HELD} .", "Light [1]."),
    "a marker in brackets": (f"Light bends ({HELD}).", "Light bends ([1])."),
    "a marker first": (f"{HELD} is so.", "[1] is so."),
    "a marker last": (f"Light bends {HELD}\n", "Light bends [1]"),
    "a marker on a line of its own": (f"Light bends.\n{HELD}\n\nYes.", "Light bends.\n[1]\n\nYes."),
    "two markers": (f"Light {HELD}{ALSO_HELD}.", "Light [1] [2]."),
    "the same quote twice": (f"Light {HELD}. Light {HELD}.", "Light [1]. Light [2]."),
    "no link from a marker": (f"Light {HELD}(http://x.example)", "Light [1] (http://x.example)"),
    "a marker in Chinese": (f"玻璃中{HELD}。很好", "玻璃中[1]。很好"),
    "a refused quote before a full stop": (f"Light bends {REFUSED}.", "Light bends."),
    "a refused quote within": (f"Light {REFUSED} bends.", "Light bends."),
    "a refused quote without spaces": (f"Light{REFUSED}bends.", "Light bends."),
    "a refused quote first": (f"{REFUSED} Light bends.", "Light bends."),
    "a refused quote last": (f"Light bends. {REFUSED}", "Light bends."),
    "a refused quote in bold": (f"**Light {REFUSED}** bends.", "**Light** bends."),
    "a refused quote at a line's end": (f"- Light {REFUSED}\n- Glass", "- Light\n- Glass"),
    "a refused quote alone between paragraphs": (f"Light.\n\n{REFUSED}\n\nGlass.", "Light.\n\nGlass."),
    "refused and held": (f"Light {REFUSED} {HELD}, yes.", "Light [1], yes."),
    "held and refused": (f"Light {HELD} {REFUSED}, yes.", "Light [1], yes."),
    "the model's own brackets": (f"a[3] and [1] {HELD} and [7](x)", "a[3] and [1] [1] and [7](x)"),
    "single quotation marks": (f"Light <cite passage='1'>{WORDS}</cite>.", "Light [1]."),
    "no quotation marks": (f"Light <cite passage=1>{WORDS}</cite>.", "Light [1]."),
    "other attributes": (f'Light <cite id="x" passage = "1" >{WORDS}</cite>.', "Light [1]."),
    "capitals and spaces": (f'Light <CITE\nPASSAGE="1">{WORDS}</Cite >.', "Light [1]."),
    "no number": (f"Light <cite>{WORDS}</cite>.", "Light [1]."),
    "another passage's number": (f'Light <cite passage="2">{WORDS}</cite>.', "Light [1]."),
    "entities": (
        'So <cite passage="1">Its index is 175 % of air&#39;s &amp; never &lt; 1.0 here</cite>.',
        "So [1].",
    ),
    "quotation marks in the tag": (f'Light <cite passage="1">"{WORDS}."</cite>.', "Light [1]."),
    "a short line": ('Light <cite passage="1">Light</cite>.', "Light [1]."),
    "an empty quote": ('Light <cite passage="1"></cite>.', "Light."),
    "a tag closed at once": ('Light <cite passage="1"/>.', "Light."),
    "a closing tag alone": ("Light </cite> bends.", "Light bends."),
    "a tag cut off": ('Light bends. <cite passage="1', "Light bends."),
    "a name cut off": ("Light bends. <cit", "Light bends."),
    "a closing tag cut off": (f'Light bends. <cite passage="1">{WORDS}</ci', "Light bends."),
    "a tag never closed": (f'Light bends. <cite passage="1">{WORDS}', "Light bends."),
    "a tag not closed before the next": (f'Light <cite passage="1">{WORDS} {ALSO_HELD}.', "Light [1]."),
    "a tag not closed in its paragraph": (
        f'Light <cite passage="1">{WORDS}.\n\nCells {ALSO_HELD}.',
        "Light\n\nCells [1].",
    ),
    "nested tags": (f'Light <cite passage="1">{ALSO_HELD}</cite> bends.', "Light [1] bends."),
    "a tag without its end": (f'Light <cite passage="1" <b> {HELD}', "Light <b> [1]"),
    "a long quote": (f'Light <cite passage="1">{"word " * 300}</cite>.', "Light."),
    "the passage's own closing tag": (
        'So <cite passage="2">The tag </cite> ends a citation in HTML</cite>.',
        "So ends a citation in HTML.",
    ),
    "the passage's own closing tag, escaped": (
        'So <cite passage="2">The tag &lt;/cite&gt; ends a citation in HTML</cite>.',
        "So [1].",
    ),
    "a tag in a fence": (f"```\n{HELD}\n```", "```\n[1]\n```"),
    "a tag in code": (f"`x {REFUSED}` y", "`x` y"),
    "other tags": ("1 < 2, <b>x</b>, <citation>, <cited> </", "1 < 2, <b>x</b>, <citation>, <cited> </"),
    "a tag in pieces of tags": ("a <ci</cite>te> b", "a <ci te> b"),
    "Chinese": (f'弯曲<cite passage="3">{CHINESE[:25]}</cite>。', "弯曲[1]。"),
    "what cannot be sent": ("a\x00b\ud83dc", "abc"),
    "white space around": ("\n\n  Light bends. \n", "Light bends."),
    "a beginning like a refusal": ("NOT_FOUNDED and NO", "NOT_FOUNDED and NO"),
    "a status that is called so": ("The status is NOT_FOUND", "The status is NOT_FOUND"),
    "a refusal at the end": (f"Light {HELD}.\n\nNOT_FOUND", "Light [1]."),
    "a refusal after a marker": (f"Light bends. {HELD} NOT_FOUND.", "Light bends. [1]"),
    "a refusal with reasons": ("NOT_FOUND. None of it is here.", "None of it is here."),
}  # fmt: skip

LIES = {
    "a word": (1, "A ray leaving glass bends towards the normal"),
    "another file": (1, "Rays are lines along which the energy travels"),
    "125 for 175": (1, "Its index is 125 % of air's & never < 1.0 here"),
    "never left out": (1, "Its index is 175 % of air's & < 1.0 here"),
    "never put in": (1, "A ray entering glass never bends towards the normal"),
    "a short word": (1, "normal"),
    "a short line of another passage": (2, "Light"),
    "two places joined": (1, "A ray entering glass … never < 1.0 here"),
    "the question": (1, "Why does a ray of light bend when it enters glass?"),
}


@pytest.mark.parametrize(("written", "shown"), SHOWN.values(), ids=SHOWN)
def test_the_user_sees(written: str, shown: str):
    stream = _play([written])

    assert stream.response == shown


@pytest.mark.parametrize(("written", "shown"), SHOWN.values(), ids=SHOWN)
def test_the_cut_of_the_deltas_changes_nothing(written: str, shown: str):
    whole = _play([written])

    for cut in range(len(written) + 1):
        assert _seen(_play([written[:cut], written[cut:]])) == _seen(whole)
    assert _seen(_play(list(written))) == _seen(whole)
    assert shown == whole.response


@pytest.mark.parametrize("seed", range(30))
def test_no_mixture_of_tags_and_text_breaks_a_promise(seed: int):
    chance = random.Random(seed)
    parts = [HELD, ALSO_HELD, REFUSED, "<cite passage=2>", "</cite>", "<", ">", "NOT_FOUND", "N", ".", " ", "\n\n", "[1]", "Light", "光", "**", '"', "<cite", "x" * 400]  # fmt: skip
    written = "".join(chance.choices(parts, k=40))

    whole = _play([written])

    assert not re.search(r"</?cite(?![a-z-])", whole.response, re.IGNORECASE)
    assert _seen(_play(_cut_anywhere(chance, written))) == _seen(whole)
    assert _seen(_play(list(written))) == _seen(whole)


@pytest.mark.parametrize(("passage", "words"), LIES.values(), ids=LIES)
def test_a_claim_whose_quote_does_not_hold_loses_its_marker(passage: int, words: str):
    stream = _play([f'So it is <cite passage="{passage}">{words}</cite>.'])

    assert stream.response == "So it is."
    assert stream.citations == []


def test_a_citation_says_where_the_page_has_the_words():
    stream = _play([f"Light bends {HELD}. Cells live {ALSO_HELD}."])

    assert stream.citations == [
        Citation(marker=1, position=15, file_id=1, filename="1.pdf", page=3, quote=WORDS, start=106, end=151),
        Citation(marker=2, position=31, file_id=2, filename="2.pdf", page=3, quote=CELLS[:52], start=100, end=152),
    ]  # fmt: skip


def test_what_is_shown_is_the_page_s_words():
    stream = _play(
        ['So <cite passage="1">a RAY  entering “glass” bends\ntowards the normal...</cite>.']
    )

    assert [citation.quote for citation in stream.citations] == [WORDS]


def test_positions_count_code_points():
    stream = _play([f"👩‍🔬 e\u0301 𝑓 {HELD}"])

    assert stream.response == "👩‍🔬 e\u0301 𝑓 [1]"
    assert stream.citations[0].position == len(stream.response) == 12


def test_text_comes_as_soon_as_it_cannot_be_a_tag():
    stream = CitationStream(_passages())

    assert stream.feed("Light bends") == ["Light bends"]
    assert stream.feed(" in glass ") == [" in glass"]
    assert stream.feed("<") == []
    assert stream.feed("5") == [" <", "5"]


def test_nothing_of_a_quote_is_shown_before_it_holds():
    stream = CitationStream(_passages())

    assert stream.feed(f'Light <cite passage="1">{WORDS}') == ["Light"]
    shown = stream.feed("</cite>")

    assert shown == [" [1]", stream.citations[0]]


@pytest.mark.parametrize(
    "written",
    ["NOT_FOUND", " NOT_FOUND\n", "`NOT_FOUND`", '"NOT_FOUND".', "**NOT_FOUND**", r"NOT\_FOUND", "NOT FOUND.", f"NOT_FOUND {REFUSED}", f"{REFUSED}NOT_FOUND"],
)  # fmt: skip
def test_a_refusal_shows_nothing(written: str):
    for deltas in ([written], list(written)):
        stream = CitationStream(_passages())

        assert [shown for delta in deltas for shown in stream.feed(delta)] == []
        assert stream.finish() == []
        assert stream.declined


@pytest.mark.parametrize("written", ["", "Light bends.", REFUSED, f"Light {HELD}. NOT_FOUND"])
def test_other_responses_are_no_refusals(written: str):
    assert not _play([written]).declined


def test_a_forgotten_end_loses_a_quote_and_not_the_response():
    stream = _play(
        [f'Light bends <cite passage="1">{WORDS}. {"Much more is said. " * 200}The end.']
    )

    assert stream.response.endswith("The end.")
    assert len(stream.response) > 1_800


def test_an_endless_quote_is_cut_at_the_same_place_however_it_comes():
    written = f'Light <cite passage="1">{"word " * 900}</cite>.'

    assert _seen(_play([written])) == _seen(_play(list(written)))
    assert _play([written]).response.endswith("word.")


def _play(deltas: list[str]) -> CitationStream:
    """Feed a stream, and check what it promises whatever comes."""
    stream, text = CitationStream(_passages()), ""
    for piece in [shown for delta in deltas for shown in stream.feed(delta)] + stream.finish():
        if isinstance(piece, str):
            assert piece
            text += piece
        else:
            _check(piece, text)
    assert text == stream.response == text.strip()
    assert [citation.marker for citation in stream.citations] == list(
        range(1, len(stream.citations) + 1)
    )
    return stream


def _check(citation: Citation, text: str) -> None:
    assert citation.position == len(text)
    assert text.endswith(f"[{citation.marker}]")
    passage = _passages()[citation.file_id - 1]
    assert (
        passage.text[citation.start - passage.start : citation.end - passage.start]
        == citation.quote
    )


def _seen(stream: CitationStream) -> tuple[str, list[Citation], bool]:
    return stream.response, stream.citations, stream.declined


def _cut_anywhere(chance: random.Random, text: str) -> list[str]:
    cuts = sorted(chance.sample(range(len(text)), 8))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _passages() -> list[Passage]:
    return [
        Passage(rank=number, file_id=number, filename=f"{number}.pdf", page=3, start=100, text=text, score=1)
        for number, text in enumerate([OPTICS, CELLS, CHINESE], start=1)
    ]  # fmt: skip
