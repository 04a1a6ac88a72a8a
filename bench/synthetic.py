"""Made-up chunks by the million, the same from the same seed: words by Zipf's law, embeddings in topics.

A chunk has 180 words: function words, words that all courses share, and words of its file's topic. Its embedding lies
around its file's, and that around its topic's, with variance that falls from dimension to dimension.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lib.domain.language_table import LANGUAGES

DIMENSIONS = 512
CHUNKS_PER_FILE = 100
_WORDS_PER_CHUNK = 180
_TOPICS, _TOPIC_WORDS, _SHARED_WORDS = 300, 600, 20_000
# Of a chunk's words, and of its embedding's length before it is normalised.
_FUNCTION_SHARE, _SHARED_SHARE = 0.45, 0.25
_TOPIC_WEIGHT, _FILE_WEIGHT, _CHUNK_WEIGHT = 0.55, 0.45, 0.7
# A question is about as near to the chunk that answers it as with text-embedding-3-small: a cosine of .65.
_NEARNESS = 0.65
_CONSONANTS, _VOWELS = "bdfgklmnprtvz", "aeiou"

_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_END = struct.pack(">h", -1)
_ROW = struct.Struct(">h iq ii iq ii ii i")
_VECTOR = struct.Struct(">i hh")

Vectors = np.ndarray


@dataclass(frozen=True)
class Question:
    """A question that one chunk answers."""

    text: str
    embedding: Vectors


class Course:
    """The words and topics that all files are made of."""

    def __init__(self, seed: int = 6) -> None:
        self._seed = seed
        random = np.random.default_rng(seed)
        english = next(language for language in LANGUAGES if language.code == "en")
        self._function_words = np.array(english.words.split(), dtype=object)
        count = _SHARED_WORDS + _TOPICS * _TOPIC_WORDS
        words = np.array([_word(number) for number in random.permutation(count)], dtype=object)
        self._shared = words[:_SHARED_WORDS]
        self._of_topics = words[_SHARED_WORDS:].reshape(_TOPICS, _TOPIC_WORDS)
        self._rare = [frozenset(topic) for topic in self._of_topics.tolist()]
        self._scale = np.arange(1, DIMENSIONS + 1, dtype=np.float32) ** -0.35
        self._topics = self._directions(random, _TOPICS)

    def file(self, number: int, chunk_count: int) -> tuple[list[str], Vectors]:
        """Return the texts and embeddings of a file's chunks; the same number makes the same file."""
        random = np.random.default_rng((self._seed, number))
        embeddings = self._embeddings(random, number, chunk_count)
        return self._texts(random, number % _TOPICS, chunk_count), embeddings

    def embeddings(self, number: int, chunk_count: int) -> Vectors:
        """Return the embeddings alone, which is ten times as quick."""
        return self._embeddings(np.random.default_rng((self._seed, number)), number, chunk_count)

    def question(self, number: int, ordinal: int, chunk_count: int, salt: int) -> Question:
        """Return a question on one chunk of a file."""
        random = np.random.default_rng((self._seed, number, ordinal, salt))
        texts, embeddings = self.file(number, chunk_count)
        away = self._directions(random, 1)[0]
        embedding = _NEARNESS * embeddings[ordinal] + (1 - _NEARNESS**2) ** 0.5 * away
        words = dict.fromkeys(texts[ordinal].split())
        rare = [word for word in words if word in self._rare[number % _TOPICS]]
        asked = random.choice(rare, 3)
        shared = random.choice(self._shared[:2_000], 2)
        text = (
            f"What is the {asked[0]} of {shared[0]} {asked[1]} when a {asked[2]} has {shared[1]}?"
        )
        return Question(text, _normalised(embedding[None])[0])

    def _embeddings(self, random: np.random.Generator, number: int, count: int) -> Vectors:
        return _normalised(
            _TOPIC_WEIGHT * self._topics[number % _TOPICS]
            + _FILE_WEIGHT * self._directions(random, 1)
            + _CHUNK_WEIGHT * self._directions(random, count)
        )

    def _texts(self, random: np.random.Generator, topic: int, count: int) -> list[str]:
        size = (count, _WORDS_PER_CHUNK)
        kind = random.random(size)
        words = np.where(
            kind < _FUNCTION_SHARE,
            self._function_words[_zipf(random, size, len(self._function_words))],
            np.where(
                kind < _FUNCTION_SHARE + _SHARED_SHARE,
                self._shared[_zipf(random, size, _SHARED_WORDS)],
                self._of_topics[topic][_zipf(random, size, _TOPIC_WORDS)],
            ),
        )
        return [" ".join(row) for row in words.tolist()]

    def _directions(self, random: np.random.Generator, count: int) -> Vectors:
        return _normalised(random.standard_normal((count, DIMENSIONS), np.float32) * self._scale)


def _normalised(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _zipf(random: np.random.Generator, size: tuple[int, int], most: int) -> np.ndarray:
    """Draw ranks from 0, the first far the commonest: rank r with a probability of about 1 / (r + 1)."""
    return (most ** random.random(size) - 1).astype(np.int64)


def _word(number: int) -> str:
    """Spell a number in syllables; different numbers make different words."""
    syllables: list[str] = []
    while number or len(syllables) < 2:  # noqa: PLR2004 - no word of one syllable
        number, consonant = divmod(number, len(_CONSONANTS))
        number, vowel = divmod(number, len(_VOWELS))
        syllables.append(_CONSONANTS[consonant] + _VOWELS[vowel])
    return "".join(syllables) + "x"  # which no stemmer takes for an ending


def as_binary_copy(
    user_id: int, file_id: int, texts: list[str], embeddings: Vectors
) -> Iterator[bytes]:
    """Write chunks as `copy … (file_id, ordinal, user_id, page, start, text, embedding) … binary` reads them."""
    halves = embeddings.astype(">f2")
    for ordinal, (text, half) in enumerate(zip(texts, halves, strict=True)):
        data = text.encode()
        vector = half.tobytes()
        page, start = ordinal // 2 + 1, ordinal % 2 * 1_200
        yield _ROW.pack(7, 8, file_id, 4, ordinal, 8, user_id, 4, page, 4, start, len(data))
        yield data
        yield _VECTOR.pack(len(vector) + 4, DIMENSIONS, 0)
        yield vector


def binary_copy(rows: Iterator[bytes]) -> Iterator[bytes]:
    yield _COPY_HEADER
    yield from rows
    yield _COPY_END
