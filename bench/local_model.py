"""Measure the local chat model by itself: `python -m bench.local_model [--split tune|held_out|all|languages] [--verbose]`.

The passages come from BM25 over the chunks of the bench's files, with no database: what is measured is how often
the model quotes from the right page, and how often it refuses what the files do not answer.
"""

import argparse
import math
import re
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path

from bench.corpus.build import FILES, LANGUAGE_FILES, build
from bench.figures import Figure, report
from bench.retrieval import Question, read_questions, squeeze
from dev import embedding, local_model
from dev.local_matching import words_of
from dev.local_model import Similarity
from dev.local_reading import Passage
from lib.domain import chunking
from lib.domain.models import Page
from lib.domain.quotes import find_quote
from lib.domain.texts import clean

_READERS = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".html": "web_page",
    ".md": "plain_text",
    ".txt": "plain_text",
}
# As many as the product sends to its model.
_PASSAGE_COUNT = 8
_K1, _B = 1.2, 0.75

# The outcome that is wanted.
_GOOD = {"answerable": "right", "near_miss": "refused", "off_topic": "refused"}


def _questions_of(split: str) -> list[Question]:
    splits = ("tune", "held_out") if split == "all" else (split,)
    return [question for question in read_questions() if question["split"] in splits]


def read_pages(name: str, folder: Path) -> list[str]:
    path = folder / name
    path.write_bytes(build(name))
    reader = import_module(f"lib.adapters.readers.{_READERS[path.suffix]}")
    pages = reader.open_pages(path, 1_000, 200_000)
    return [clean(pages[index]) for index in range(len(pages))]


def expected_pages(question: Question, pages: dict[str, list[str]]) -> set[tuple[str, int]]:
    """Where the words that answer the question stand: normally one page."""
    wanted = squeeze(question["answer_words"])
    file = question["file"]
    return {(file, n) for n, text in enumerate(pages[file], 1) if wanted in squeeze(text)}


class Ranking:
    """BM25 over the chunks of all files."""

    def __init__(self, pages: dict[str, list[str]]) -> None:
        self._chunks = [
            (file, number, chunk.text)
            for file, texts in pages.items()
            for number, text in enumerate(texts, 1)
            for chunk in chunking.cut(Page(number=number, text=text), 0)
        ]
        self._words = [Counter(map(_stem, words_of(text))) for _, _, text in self._chunks]
        self._mean = sum(words.total() for words in self._words) / len(self._words)
        self._counts = Counter(word for words in self._words for word in words)

    def passages(self, text: str) -> list[Passage]:
        wanted = set(map(_stem, words_of(text)))
        scores = [self._score(wanted, words) for words in self._words]
        order = sorted(range(len(scores)), key=lambda index: -scores[index])[:_PASSAGE_COUNT]
        best = [self._chunks[index] for index in order if scores[index] > 0]
        return [Passage(rank, *chunk) for rank, chunk in enumerate(best, 1)]

    def _score(self, wanted: set[str], words: Counter[str]) -> float:
        length = 1 - _B + _B * words.total() / self._mean
        return sum(
            self._weight(word) * words[word] * (_K1 + 1) / (words[word] + _K1 * length)
            for word in wanted
            if word in words
        )

    def _weight(self, word: str) -> float:
        count = self._counts[word]
        return math.log(1 + (len(self._chunks) - count + 0.5) / (count + 0.5))


def _stem(word: str) -> str:
    """Crude, and the same for all languages: only the passages' order depends on it."""
    return word[:6] if word.isalpha() else word


def judge(
    question: Question, pages: dict[str, list[str]], ranking: Ranking, similarity: Similarity | None
) -> str:
    """One of: right, wrong_page, refused, invented, broken_quote."""
    previous = question.get("previous", "")
    passages = ranking.passages(f"{question['question']} {previous}")
    response = local_model.answer(
        question["question"],
        passages,
        similarity,
        [previous] if previous else [],
    )
    question["response"] = response
    if response == local_model.NOT_FOUND:
        return "refused"
    if question["kind"] != "answerable":
        return "invented"
    cited = re.findall(r'<cite passage="(\d+)">(.*?)</cite>', response, re.DOTALL)
    if not all(find_quote(words, passages[int(number) - 1].text) for number, words in cited):
        return "broken_quote"
    passage = passages[int(cited[0][0]) - 1]
    is_right = (passage.file, passage.page) in expected_pages(question, pages)
    return "right" if is_right else "wrong_page"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the local chat model.")
    parser.add_argument(
        "--split", choices=("tune", "held_out", "all", "languages"), nargs="+", default=["tune"]
    )
    parser.add_argument("--embed", action="store_true", help="let it use the local embeddings")
    parser.add_argument("--verbose", action="store_true", help="show what went wrong")
    arguments = parser.parse_args()
    for split in arguments.split:
        outcomes = _judge_all(split, arguments)
        report(f"The local chat model alone, {split}", _figures(outcomes))


def _judge_all(split: str, arguments: argparse.Namespace) -> Counter[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        files = LANGUAGE_FILES if split == "languages" else FILES
        pages = {name: read_pages(name, Path(folder)) for name in files}
    ranking = Ranking(pages)
    similarity = embedding.compare if arguments.embed else None
    outcomes: Counter[tuple[str, str, str]] = Counter()
    for question in _questions_of(split):
        outcome = judge(question, pages, ranking, similarity)
        outcomes[question["language"], question["kind"], outcome] += 1
        if arguments.verbose and outcome != _GOOD[question["kind"]]:
            print(outcome, question["id"], question["question"], "->", question["response"])
    return outcomes


def _figures(outcomes: Counter[tuple[str, str, str]]) -> list[Figure]:
    """Return the share of each outcome, by kind and language."""
    totals: Counter[tuple[str, str]] = Counter()
    shares: Counter[tuple[str, str, str]] = Counter()
    for (language, kind, outcome), count in outcomes.items():
        for group in (language, "all"):
            totals[kind, group] += count
            shares[kind, group, outcome] += count
    return [
        Figure(
            f"{kind} {group}: {outcome}",
            count / totals[kind, group],
            "share",
            noise=0.0,
            more_is_better=outcome == _GOOD[kind],
        )
        for (kind, group, outcome), count in sorted(shares.items())
    ]


if __name__ == "__main__":
    main()
