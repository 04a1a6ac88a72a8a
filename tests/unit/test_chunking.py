"""Chunks are exact slices that lose nothing and cut where a reader would."""

import random
from itertools import pairwise

import pytest

from lib.domain.chunking import LONGEST, OVERLAP, SHORTEST, cut
from lib.domain.models import Chunk, Page
from lib.domain.parts import PART_CHARACTERS, cut_into_parts

PIECES = [
    "word ", "A sentence ends. ", "\n", "\n\n", "cell | cell | cell\n", "# Heading\n", "x" * 60, "字词。", "  ",
    "e\u0301", "- item\n", "👩\u200d🔬",
]  # fmt: skip
SENTENCE = "The ray bends towards the normal when it enters the glass. "


def chunks_of(text: str) -> list[Chunk]:
    return cut(Page(number=3, text=text), 7)


def random_texts(count: int) -> list[str]:
    source = random.Random(20)  # noqa: S311 - the same texts each time
    return ["".join(source.choices(PIECES, k=source.randrange(500))) for _ in range(count)]


def test_a_chunk_is_an_exact_slice_of_its_page():
    for text in random_texts(300):
        for chunk in chunks_of(text):
            assert chunk.text == text[chunk.start : chunk.end]
            assert chunk.text == chunk.text.strip() != ""
            assert len(chunk.text) <= LONGEST
            assert chunk.page == 3


def test_every_visible_character_is_in_a_chunk():
    for text in random_texts(300):
        covered = {at for chunk in chunks_of(text) for at in range(chunk.start, chunk.end)}

        assert all(letter.isspace() or at in covered for at, letter in enumerate(text))


def test_ordinals_go_on_and_starts_move_forward():
    for text in random_texts(100):
        chunks = chunks_of(text)

        assert [chunk.ordinal for chunk in chunks] == list(range(7, 7 + len(chunks)))
        assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})


def test_a_short_page_is_one_chunk_and_a_blank_one_none():
    assert [chunk.text for chunk in chunks_of("  Short.\n")] == ["Short."]
    assert chunks_of(" \n\n") == []


def test_prose_is_cut_between_sentences_which_the_next_chunk_repeats():
    chunks = chunks_of(SENTENCE * 60)

    assert all(chunk.text.startswith("The ray") and chunk.text.endswith(".") for chunk in chunks)
    assert all(len(chunk.text) >= SHORTEST / 2 for chunk in chunks)
    for before, after in pairwise(chunks):
        assert 0 < before.end - after.start <= OVERLAP


def test_a_quote_of_two_sentences_is_whole_in_one_chunk():
    text = "".join(f"In year {n} the count was {n * 7}. " for n in range(1000, 1200))
    chunks = chunks_of(text)

    for n in range(1000, 1199):
        quote = f"In year {n} the count was {n * 7}. In year {n + 1} the count was {(n + 1) * 7}."
        assert any(quote in chunk.text for chunk in chunks)


def test_a_heading_opens_a_chunk():
    chunks = chunks_of(f"{SENTENCE * 15}\n\n# Lenses\n\n{SENTENCE * 15}")

    assert [chunk.text.startswith("# Lenses") for chunk in chunks].count(True) == 1
    assert all("# Lenses" not in chunk.text[1:] for chunk in chunks)


def test_rows_of_a_table_stay_whole():
    cells = "Measured twice. The second time it was lighter. Nobody knew why. " * 4
    rows = [f"Sample {n} | {cells.strip()} | {n} Pa" for n in range(30)]
    chunks = chunks_of("\n".join(rows))

    assert len(chunks) > 3
    assert all(line in rows for chunk in chunks for line in chunk.text.split("\n"))


def test_no_cut_goes_between_a_letter_and_its_accent():
    chunks = chunks_of("e\u0301" * 1500)

    assert all(chunk.text.startswith("e") and chunk.text.endswith("\u0301") for chunk in chunks)


def test_parts_lose_nothing_and_open_at_headings():
    text = "".join(f"# Section {n}\n\n{SENTENCE * 20}\n\n" for n in range(12))
    parts = cut_into_parts(text)

    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(part.startswith("# Section") for part in parts)
    assert all(PART_CHARACTERS / 2 <= len(part) <= PART_CHARACTERS for part in parts)


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        ("# Optics\n\n## Lenses\n\n{}Here", "Lenses"),
        ("Planets\n=======\n\nNeptune\n-------\n\n{}Here", "Neptune"),
        ("# Optics\n\nLenses\n------\n\n{}Here", "Lenses"),
        ("Lenses\n------\n\n# Optics\n\n{}Here", "Optics"),
        ("Name | Age\n--- | ---\n{}Here", None),
        ("2.1 The prism\nIt bends.\n{}Here", "2.1 The prism"),
        ("1. Take the glass.\n{}Here", None),
        ("Nothing\n{}Here", None),
        ("Metal | Melts at\nTin | 232\n{}Here", None),
        (f"# {'x' * 300}\n{{}}Here", "x" * 200),
    ],
)
def test_a_chunk_knows_the_heading_it_stands_under(page: str, heading: str | None):
    chunks = chunks_of(page.format(SENTENCE * 40))

    assert "Here" not in chunks[0].text
    assert chunks[-1].heading == heading


def test_a_chunk_of_chinese_has_half_the_characters():
    chunks = chunks_of(
        "光线进入玻璃时会向法线方向弯曲。这是因为光在玻璃中的速度比在空气中慢。" * 60
    )

    assert all(len(chunk.text) <= LONGEST / 2 for chunk in chunks)
    assert all(chunk.text.endswith("。") for chunk in chunks)


def test_a_chinese_name_in_a_text_makes_it_no_chinese_text():
    chunks = chunks_of((SENTENCE + "光学 ") * 60)

    assert max(len(chunk.text) for chunk in chunks) > LONGEST * 0.8


def test_a_chunk_knows_the_head_of_the_table_that_it_goes_on_with():
    rows = [f"Metal {n} | {n} degrees | found in many places of the old world" for n in range(60)]
    table = "\n".join(["Metal | Melts at | Found", *rows])

    chunks = chunks_of(f"## Metals\n\n{table}")

    assert chunks[0].heading is None
    assert {chunk.heading for chunk in chunks[1:]} == {"Metals\nMetal | Melts at | Found"}
