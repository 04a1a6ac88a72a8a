"""How well the right page is found, and how well what is not there is refused: `make bench B=retrieval`.

The real path: files go in through the API, questions are ranked by the SQL function that answers them. Two thirds
of the questions in the first four languages ("tune") were looked at when constants were chosen; "held_out" was not, and
neither was "languages": six more languages, whose files belong to another student, so that they move no figure of the others.
"named" asks a third student's sheets, which only their names tell apart; it is ranked without the names as well.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.corpus.build import FILES, LANGUAGE_FILES, NAMED_FILES, build
from bench.figures import Figure, report
from bench.local import Local, local_lectern
from dev.student import Student
from lib.adapters.files import as_halfvec
from lib.adapters.models import fit
from lib.domain.followups import is_follow_up
from lib.domain.languages import segment
from lib.services.questions import RETRIEVAL

_QUESTIONS = Path(__file__).parent / "questions.jsonl"
_DEPTH = 10
# What each method makes of the ranking's constants.
_METHODS = {
    "text": {"embedding_share": 0.0, "foreign_embedding_share": 0.0, "name_share": 0.0},
    "embedding": {"embedding_share": 1.0, "foreign_embedding_share": 1.0, "name_share": 0.0},
    "fused": {},
    "without names": {"name_share": 0.0},
}
# Each student's files, and the questions about them.
_STUDENTS = {
    "bench": (FILES, ("tune", "held_out")),
    "bench-languages": (LANGUAGE_FILES, ("languages",)),
    "bench-named": (NAMED_FILES, ("named",)),
}
_SPLITS = [split for _, splits in _STUDENTS.values() for split in splits]
_PAGES = tuple[str, int]
Question = dict[str, Any]
# Where the right page came, for each question; by language (or other group) and method.
_HITS = dict[tuple[str, str], list[int | None]]


def read_questions() -> list[Question]:
    return [json.loads(line) for line in _QUESTIONS.read_text(encoding="utf-8").splitlines()]


def squeeze(text: str) -> str:
    """Leave out what breaking into lines and cells changes."""
    return "".join(character for character in text if character.isalnum()).casefold()


class Library:
    """A student's files as Lectern has read them."""

    def __init__(self, student: Student, names: Iterable[str]) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, list[str]] = {}
        self.pages: dict[str, list[str]] = {}
        for name in names:
            file = student.upload(name, build(name))
            assert file["status"] == "ready", file
            self.files[name] = file
            self.texts[name] = student.pages(file)
            self.pages[name] = [squeeze(text) for text in self.texts[name]]

    def places(self, question: Question) -> set[_PAGES]:
        """Return the pages on which the answer stands."""
        words = squeeze(question["answer_words"])
        name = question["file"]
        found = {(name, n) for n, text in enumerate(self.pages[name], 1) if words in text}
        assert found, f"{question['id']}: {question['answer_words']!r} is on no page of {name}"
        return found


class Ranking:
    """The SQL function of the product, called with other weights."""

    def __init__(self, local: Local, user_id: int) -> None:
        self._connection = psycopg.connect(local.stack.postgres_dsn, autocommit=True)
        self._model_url = local.stack.model_url
        self._user_id = user_id

    def rank(self, question: Question, weights: dict[str, float]) -> list[_PAGES]:
        previous = question.get("previous", "") if is_follow_up(question["question"]) else ""
        retrieval = {
            **RETRIEVAL,
            "passages": 3 * _DEPTH,
            "embedding_languages": ["en"],
            "own_text": segment(question["question"]),
            **weights,
        }
        row = self._connection.execute(
            "select private.retrieve(%s, null, %s, %s::extensions.halfvec, %s)",
            (
                self._user_id,
                segment(f"{question['question']} {previous}"),
                self._embed(question["question"]),
                json.dumps(retrieval),
            ),
        ).fetchone()
        assert row
        # Several chunks of a page are one page.
        return list(dict.fromkeys((p["filename"], p["page"]) for p in row[0]))[:_DEPTH]

    def _embed(self, text: str) -> str:
        body = {"model": "wordllama-256", "input": [text], "encoding_format": "float"}
        answer = httpx.post(f"{self._model_url}/embeddings", json=body)
        return as_halfvec(fit(answer.json()["data"][0]["embedding"]))


def _first_hit(ranked: list[_PAGES], wanted: set[_PAGES]) -> int | None:
    return next((place for place, page in enumerate(ranked, 1) if page in wanted), None)


def _share_within(depth: int, hits: list[int | None]) -> float:
    return sum(1 for hit in hits if hit and hit <= depth) / len(hits)


def _mean_reciprocal(hits: list[int | None]) -> float:
    return sum(1 / hit for hit in hits if hit) / len(hits)


_MEASURES = {
    "R@1": partial(_share_within, 1),
    "R@5": partial(_share_within, 5),
    "MRR@10": _mean_reciprocal,
}


def rank_all(questions: list[Question], library: Library, ranking: Ranking) -> _HITS:
    """Rank the pages for every question: by text alone, by embedding alone, fused, and that without the files' names."""
    hits: _HITS = defaultdict(list)
    for question in questions:
        wanted = library.places(question)
        for method, weights in _METHODS.items():
            hit = _first_hit(ranking.rank(question, weights), wanted)
            also = ["follow-up"] if question.get("previous") else []
            for group in (question["language"], "all", *also):
                hits[group, method].append(hit)
    return hits


def compare_methods(hits: _HITS, value: str, *baselines: str, aim: float | None) -> list[Figure]:
    """Put one method beside the best of others, by language and measure."""
    groups = sorted({group for group, _ in hits}, key=lambda group: (group == "all", group))
    return [
        Figure(
            f"{group} {name}",
            measure(hits[group, value]),
            "share",
            baseline=max(measure(hits[group, baseline]) for baseline in baselines),
            noise=0.0,
            aim=aim,
            more_is_better=True,
        )
        for group in groups
        for name, measure in _MEASURES.items()
    ]


def report_ranking(title: str, hits: _HITS) -> None:
    report(
        f"Ranking, {title}: embedding alone against text alone",
        compare_methods(hits, "embedding", "text", aim=None),
    )
    fused = compare_methods(hits, "fused", "text", "embedding", aim=1.0)
    report(f"Ranking, {title}: fused against the better of text and embedding", fused)
    report(
        f"Ranking, {title}: fused against fused without the names of files",
        compare_methods(hits, "fused", "without names", aim=1.0),
    )
    below = ", ".join(figure.name for figure in fused if not figure.is_met)
    print(f"Fused is below the better of the two in: {below or 'none'}", flush=True)


def measure_answers(questions: list[Question], library: Library, student: Student) -> list[Figure]:
    """Ask for real: is the cited page the right one, are the unanswerable refused, do quotes hold?"""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    broken = 0
    for question in questions:
        query = _ask(question, student)
        cited = {(c["filename"], c["page"]) for c in query["citations"]}
        broken += sum(not _holds(citation, library) for citation in query["citations"])
        if question["kind"] == "answerable":
            outcomes["answered"].append(query["status"] == "answered")
            outcomes["cited page holds the answer"].append(bool(cited & library.places(question)))
        else:
            outcomes[f"refused: {question['kind']}"].append(query["status"] == "not_found")
            outcomes["refused: all"].append(query["status"] == "not_found")
    shares = [
        Figure(name, sum(results) / len(results), "share", noise=0.0, more_is_better=True)
        for name, results in outcomes.items()
    ]
    return [*shares, Figure("citations that do not hold", broken, "", noise=0.0, aim=0)]


def _ask(question: Question, student: Student) -> dict[str, Any]:
    chat = student.ask(question["previous"])["chat_id"] if question.get("previous") else None
    return student.ask(question["question"], **({"chat_id": chat} if chat else {}))


def _holds(citation: dict[str, Any], library: Library) -> bool:
    """Tell whether the quote is what stands at its very place, to the letter."""
    text = library.texts[citation["filename"]][citation["page"] - 1]
    return text[citation["start"] : citation["end"]] == citation["quote"] != ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=_SPLITS, nargs="+", default=_SPLITS)
    parser.add_argument("--ranking-only", action="store_true")
    arguments = parser.parse_args()
    with local_lectern() as local:
        for username, (files, splits) in _STUDENTS.items():
            if chosen := [split for split in splits if split in arguments.split]:
                student = Student(local.client, username)
                library = Library(student, files)
                _measure(chosen, library, Ranking(local, student.id), student, arguments)


def _measure(
    splits: list[str],
    library: Library,
    ranking: Ranking,
    student: Student,
    arguments: argparse.Namespace,
) -> None:
    for split in splits:
        questions = [q for q in read_questions() if q["split"] == split]
        answerable = [q for q in questions if q["kind"] == "answerable"]
        title = split.replace("_", " ")
        print(f"\n{title}: {len(questions)} questions, of which {len(answerable)} can be answered")
        report_ranking(title, rank_all(answerable, library, ranking))
        if not arguments.ranking_only:
            report(f"Answers, {title}", measure_answers(questions, library, student))


if __name__ == "__main__":
    main()
