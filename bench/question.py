"""What one question takes, as counted or assumed once, for what is computed without a stack: by bench/simulate.py.

A token counts as a word of bench/first_word.py: a provider sends each in an event of its own.
"""

from bench.prices import QUESTION_ANSWER_TOKENS

# Work of the function's processor. A question without its words: 7.84 ms (bench/warm.py). A word: 42 ms of an answer of 62 with 100
# at once under load, the 8 taken off (docs/bench/README.md, before what made a word cheaper); bench/first_word.py prints both.
QUESTION_SECONDS, TOKEN_SECONDS = 0.008, 0.00055
# Assumed: an answer's first token after half a second, then 40 a second.
ANSWER_SECONDS = 0.5 + QUESTION_ANSWER_TOKENS / 40


def own_seconds(tokens: float = QUESTION_ANSWER_TOKENS) -> float:
    """Return the seconds of a processor that a question takes of the function, with an answer of so many tokens."""
    return QUESTION_SECONDS + tokens * TOKEN_SECONDS
