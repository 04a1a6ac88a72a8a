"""The bench's questions: enough of them, each answered on one page of its file, and the held-out ones fixed."""

import hashlib
import json
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bench.corpus.build import FILES, LANGUAGE_FILES, NAMED_FILES, build
from bench.local_model import expected_pages, read_pages

ROOT = Path(__file__).parents[2] / "bench"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]


LATER = [question for question in QUESTIONS if question["split"] == "languages"]
NAMED = [question for question in QUESTIONS if question["split"] == "named"]
FIRST = [question for question in QUESTIONS if question["split"] not in ("languages", "named")]


def _count_answerable(questions: list[dict[str, Any]]) -> Counter[str]:
    return Counter(q["language"] for q in questions if q["kind"] == "answerable")


def test_there_are_enough_questions_of_each_kind():
    kinds = Counter(question["kind"] for question in FIRST)
    answerable = _count_answerable(FIRST)

    assert set(answerable) == set(FILES.values())
    assert min(answerable.values()) >= 18
    assert min(kinds["near_miss"], kinds["off_topic"]) >= 18


def test_each_later_language_has_questions_of_each_kind():
    kinds = Counter((question["language"], question["kind"]) for question in LATER)
    followed_up = {question["language"] for question in LATER if question.get("previous")}

    assert min(_count_answerable(LATER).values()) >= 12
    assert set(kinds) == set(
        product(LANGUAGE_FILES.values(), ("answerable", "near_miss", "off_topic"))
    )
    assert followed_up == set(LANGUAGE_FILES.values())


def test_ids_are_unique():
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)


def test_the_split_is_fixed_by_the_id():
    splits = {question["id"]: question["split"] for question in FIRST}

    assert splits == {
        name: "held_out" if int(hashlib.sha256(name.encode()).hexdigest(), 16) % 3 == 0 else "tune"
        for name in splits
    }


def test_a_question_is_about_its_own_students_files():
    assert {q["file"] for q in FIRST if "file" in q} == set(FILES)
    assert {q["file"] for q in LATER if "file" in q} == set(LANGUAGE_FILES)
    assert {q["file"] for q in NAMED} == set(NAMED_FILES)


@pytest.mark.parametrize("name", FILES | LANGUAGE_FILES | NAMED_FILES)
def test_the_words_that_answer_stand_on_one_page(name: str, tmp_path: Path):
    pages = {name: read_pages(name, tmp_path)}

    for question in QUESTIONS:
        if question.get("file") == name:
            assert len(expected_pages(question, pages)) == 1, question["id"]


@pytest.mark.parametrize("name", FILES | LANGUAGE_FILES | NAMED_FILES)
def test_a_file_is_built_the_same_each_time(name: str):
    assert build(name) == build(name)
