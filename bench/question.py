"""What one question takes, as counted or assumed once, for what is computed without a stack: bench/simulate.py and bench/dollars.py.

A token counts as a word of bench/first_word.py: a provider sends each in an event of its own.
"""

from dataclasses import dataclass, replace

from bench.prices import QUESTION_ANSWER_TOKENS, QUESTION_PROMPT_TOKENS

# Work of the function's processor, as bench/first_word.py prints it: a question without its words, a word with 100 answers at once,
# and a word alone.
QUESTION_SECONDS, TOKEN_SECONDS, TOKEN_SECONDS_ALONE = 0.0095, 0.00032, 0.00092
# Assumed: an answer's first token after half a second, then 40 a second.
ANSWER_SECONDS = 0.5 + QUESTION_ANSWER_TOKENS / 40
_CHARACTERS_PER_TOKEN = 4


def own_seconds(
    tokens: float = QUESTION_ANSWER_TOKENS, token_seconds: float = TOKEN_SECONDS
) -> float:
    """Return the seconds of a processor that a question takes of the function, with an answer of so many tokens."""
    return QUESTION_SECONDS + tokens * token_seconds


@dataclass(frozen=True, kw_only=True)
class QuestionCounts:
    """Tokens and bytes of a question that is answered as a stream, as bench/cost.py counts them."""

    prompt_tokens: float
    completion_tokens: float
    from_browser: float
    to_browser: float
    of_word: float
    to_model: float
    from_model: float
    to_database: float
    from_database: float

    def answered_with(self, tokens: float) -> "QuestionCounts":
        """Return the same question with an answer of so many tokens.

        The browser is sent each as a word, and the whole text once more at the end; the database is sent the text.
        """
        more = tokens - self.completion_tokens
        text = more * _CHARACTERS_PER_TOKEN
        return replace(
            self,
            completion_tokens=tokens,
            to_browser=self.to_browser + more * self.of_word + text,
            to_database=self.to_database + text,
        )


@dataclass(frozen=True, kw_only=True)
class PageCounts:
    """The mean page of the bench's files, as bench/cost.py counts it."""

    embedded_tokens: float
    database_bytes: float
    chunks: float


# As counted in November 2026 with 40 questions; a page takes 7 to 10 KB of the database, the larger is taken.
QUESTION = QuestionCounts(
    prompt_tokens=QUESTION_PROMPT_TOKENS,
    completion_tokens=54,
    from_browser=605,
    to_browser=2_760,
    of_word=42,
    to_model=10_300,
    from_model=12_300,
    to_database=5_330,
    from_database=8_750,
)
PAGE = PageCounts(embedded_tokens=260, database_bytes=10_000, chunks=1.6)
