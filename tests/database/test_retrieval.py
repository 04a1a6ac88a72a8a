"""How chunks are laid out and looked through: every chunk of a user's, and none of anybody else's."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dev.stack import Stack
from lib.services.questions import RETRIEVAL

NEAREST = {**RETRIEVAL, "embedding_languages": ["all"], "embedding_share": 1.0}


class Shelf:
    """Files of made-up chunks, of one user each, in a transaction that is rolled back."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def add_file(
        self,
        texts: list[str],
        *,
        config: str = "english",
        toward: int = 0,
        filename: str = "a.txt",
    ) -> int:
        """Store a file of a new user and return that user's id; its embeddings look along one axis."""
        user_id = self.one(
            "insert into public.users (username, password_hash)"
            " values ('shelf-' || floor(random() * 1e9), '-') returning id"
        )
        self.add_to(user_id, texts, config=config, toward=toward, filename=filename)
        return user_id

    def add_to(
        self,
        user_id: int,
        texts: list[str],
        *,
        config: str = "english",
        toward: int = 0,
        filename: str = "a.txt",
    ) -> None:
        file_id = self.one(
            "insert into public.files"
            " (user_id, filename, path, size_bytes, content_type, status, page_kind, text_config, language)"
            " values (%s, %s, gen_random_uuid(), 1, 'text/plain', 'ready', 'part', %s, 'en') returning id",
            user_id,
            filename,
            config,
        )
        self._connection.cursor().executemany(
            "insert into public.chunks (file_id, ordinal, user_id, page, start, text, search, embedding)"
            " values (%s, %s, %s, 1, 0, %s, to_tsvector(%s::regconfig, %s), %s)",
            [(file_id, n, user_id, t, config, t, axis(toward)) for n, t in enumerate(texts)],
        )

    def find(
        self,
        user_id: int,
        question: str,
        toward: int | None,
        how: dict[str, Any],
        *,
        before: str = "",
        told: str = "text",
    ) -> list[Any]:
        passages = self.one(
            "select private.retrieve(%s, null, %s, %s::extensions.halfvec, %s)",
            user_id,
            f"{question} {before}",
            None if toward is None else axis(toward),
            json.dumps({**how, "own_text": question}),
        )
        return [passage[told] for passage in passages]

    def one(self, statement: str, *arguments: Any) -> Any:
        row = self._connection.execute(statement, arguments).fetchone()  # pyright: ignore[reportArgumentType]
        assert row
        return row[0]


def axis(number: int) -> str:
    return "[" + ",".join("1" if index == number else "0" for index in range(512)) + "]"


@pytest.fixture
def shelf(stack: Stack) -> Iterator[Shelf]:
    with psycopg.connect(stack.postgres_dsn) as connection:
        yield Shelf(connection)
        connection.rollback()


def test_finds_the_one_chunk_among_thousands_that_has_the_word(shelf: Shelf) -> None:
    texts = [f"chunk {number} about photosynthesis" for number in range(3_000)]
    texts[2_345] = "stomata"
    user_id = shelf.add_file(texts)

    assert shelf.find(
        user_id, "Where are the stomata?", None, {**RETRIEVAL, "embedding_languages": []}
    ) == ["stomata"]


def test_a_neighbour_with_the_nearer_chunks_takes_nothing_away(shelf: Shelf) -> None:
    shelf.add_file([f"theirs {number}" for number in range(500)], toward=7)
    user_id = shelf.add_file([f"mine {number}" for number in range(10)], toward=7)

    found = shelf.find(user_id, "unheard", 7, NEAREST)

    assert len(found) == RETRIEVAL["passages"]
    assert all(text.startswith("mine") for text in found)


def test_each_file_is_searched_in_its_own_language(shelf: Shelf) -> None:
    user_id = shelf.add_file(["The leaves grow."], config="english")
    shelf.add_to(user_id, ["Die Häuser stehen."], config="german")

    how = {**RETRIEVAL, "embedding_languages": []}

    assert shelf.find(user_id, "growing", None, how) == ["The leaves grow."]
    assert shelf.find(user_id, "Haus", None, how) == ["Die Häuser stehen."]


@pytest.mark.parametrize(
    ("filenames", "question"),
    [
        (("practical-03.md", "practical-04.md"), "Who helps with the report of practical 4?"),
        (("practical-03.md", "practical-04.md"), "practical-04: who helps with the report?"),
        (("practical_03.md", "practical_04.md"), "Who helps with the report of practical 4?"),
        (("Sheet 3.txt", "Sheet 10.txt"), "Who helps with the report of sheet 10?"),
        (("waves.pdf", "heat.v2.pdf"), "Who helps with the report on heat?"),
    ],
)
def test_of_two_that_say_the_same_the_one_that_is_named_comes_first(
    shelf: Shelf, filenames: tuple[str, str], question: str
) -> None:
    first, named = filenames
    user_id = shelf.add_file(["Ms Okafor helps with the report."], filename=first)
    shelf.add_to(user_id, ["Mr Achebe helps with the report."], filename=named)
    how = {**RETRIEVAL, "embedding_languages": []}

    found = shelf.find(user_id, question, None, how)
    without = shelf.find(user_id, question, None, {**how, "name_share": 0.0})

    assert found[0] == "Mr Achebe helps with the report."
    assert without[0] == "Ms Okafor helps with the report."


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("And who helps with practical 4?", "Mr Achebe helps with the report."),
        ("And who helps with that practical?", "Ms Okafor helps with the report."),
        ("And who helps?", "Ms Okafor helps with the report."),
    ],
)
def test_a_follow_up_is_about_the_file_named_before_unless_it_names_another(
    shelf: Shelf, question: str, first: str
) -> None:
    # The one that is named first was added last: it does not come first by itself.
    user_id = shelf.add_file(["Mr Achebe helps with the report."], filename="practical-04.md")
    shelf.add_to(user_id, ["Ms Okafor helps with the report."], filename="practical-03.md")
    how = {**RETRIEVAL, "embedding_languages": []}

    found = shelf.find(user_id, question, None, how, before="Where is the report of practical 3?")

    assert found[0] == first


def test_functions_deployed_before_names_counted_get_scores_all_the_same(shelf: Shelf) -> None:
    user_id = shelf.add_file(["Light bends in glass."])
    before = {key: value for key, value in RETRIEVAL.items() if key != "name_share"}

    how = {**before, "embedding_languages": []}
    [score] = shelf.find(user_id, "light", None, how, told="score")

    assert score > 0


def test_a_name_alone_finds_nothing(shelf: Shelf) -> None:
    user_id = shelf.add_file(["Light bends in glass."], filename="practical-03.md")

    assert shelf.find(user_id, "practical 3", None, {**RETRIEVAL, "embedding_languages": []}) == []


def test_what_a_question_looks_at_stays_in_the_row(shelf: Shelf) -> None:
    user_id = shelf.add_file([" ".join(f"word{n}{m}" for m in range(120)) for n in range(50)])
    outside = """
        select count(*) from public.chunks
        where user_id = %s and pg_column_toast_chunk_id({}) is not null
    """

    assert shelf.one(outside.format("search"), user_id) == 0
    assert shelf.one(outside.format("embedding"), user_id) == 0
    assert shelf.one(outside.format("text"), user_id) == 50
