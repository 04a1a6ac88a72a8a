"""Real embeddings with no network and no key: wordllama, 256 dimensions, English above all."""

import functools
from pathlib import Path

import numpy as np
import wordllama

DIMENSIONS = 256


@functools.cache
def load() -> wordllama.WordLlamaInference:
    # Its loader looks for its own tokenizer in the wrong folder unless told.
    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)


def embed(texts: list[str], dimensions: int = DIMENSIONS) -> list[list[float]]:
    """Return one normalised vector for each text: of `dimensions`, or of 256 if that is more."""
    embedded = np.asarray(load().embed(texts), dtype=np.float32)
    vectors = embedded[:, : min(dimensions, DIMENSIONS)]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).tolist()


def compare(question: str, texts: list[str]) -> list[float]:
    """Return how close each text is to the question, as a cosine."""
    vectors = np.array(embed([question, *texts]))
    return (vectors[1:] @ vectors[0]).tolist()
