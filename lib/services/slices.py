"""What of a file waits to be stored, and how much of it the endpoint embeds at once."""

import asyncio
import math
from collections.abc import Awaitable, Callable

from lib.adapters.documents import Opening
from lib.adapters.endpoint import is_late
from lib.adapters.files import Claim, Slice
from lib.adapters.models import EMBEDDING_BATCH_SIZE, Embedder
from lib.domain.chunking import cut
from lib.domain.languages import regconfig, segment
from lib.domain.models import Chunk, Page
from lib.domain.problems import EmptyFile, ModelUnavailable, TextLimitReached, TooMuchText
from lib.domain.records import record

# Takes a batch to embed and store; False where the time is up.
Save = Callable[["Batch"], Awaitable[bool]]

# Of an endpoint that nothing is known of. Half a second for each would still come in time, as a small model on a slow machine
# takes.
FIRST_BATCH_SIZE = 32
_MOST_REMEMBERED = 1_000
# For a batch, however long the slice is: with each that is stored the lease is renewed (LEASE_SECONDS).
_MOST_SECONDS = 20.0
# A thousand dense pages; more is a file made to fill a database.
_MOST_CHUNKS = 10_000

# Files of which a batch came too late in this instance, and how many chunks to try next.
_smaller_sizes: dict[int, int] = {}
# How long each endpoint took for a text, by the last batch that this instance had embedded.
seconds_per_text: dict[str, float] = {}


@record
class Batch:
    """Chunks to embed and store, the pages that are complete with them, and how far that goes."""

    chunks: list[Chunk]
    texts: list[str]
    pages: list[Page]
    pages_done: int
    pages_total: int
    language: str | None

    def as_slice(self, embeddings: list[list[float]]) -> Slice:
        """Return it as it is stored."""
        return Slice(
            pages=self.pages,
            chunks=self.chunks,
            search_texts=[segment(text) for text in self.texts],
            embeddings=embeddings,
            pages_done=self.pages_done,
            pages_total=self.pages_total,
            language=self.language,
            text_config=regconfig(self.language),
        )


class Shelf:
    """Pages read and cut that wait to be embedded and stored."""

    def __init__(self, claim: Claim, max_chunks_per_user: int) -> None:
        self._max_chunks_per_user = max_chunks_per_user
        self._ready_chunk_count = claim.ready_chunk_count
        self._language = claim.language
        self._pages_done = claim.file.progress.pages_done
        self._pages_total = claim.file.progress.pages_total or 0
        self._chunk_count = claim.chunk_count - claim.page_chunk_count
        self._stored_count = claim.page_chunk_count
        self._pages: list[Page] = []
        self._chunks: list[Chunk] = []
        self._texts: list[str] = []

    def add(self, item: Opening | Page) -> None:
        """Take in what was read next.

        Raises:
            TooMuchText: There is more than a course file holds.
            TextLimitReached: There is more than the owner's other files leave room for.
        """
        if isinstance(item, Opening):
            self._pages_total = item.pages_total
            self._language = self._language or item.language
            return
        chunks = cut(item, self._chunk_count + 1)
        self._chunk_count += len(chunks)
        self._check_limits()
        # An earlier slice may have ended within this page.
        waiting, self._stored_count = chunks[self._stored_count :], 0
        self._pages.append(item)
        self._chunks += waiting
        self._texts += [_searched(chunk) for chunk in waiting]

    def _check_limits(self) -> None:
        if self._chunk_count > _MOST_CHUNKS:
            raise TooMuchText
        # Before anything of it is embedded in vain. Of two files read at once both may pass here: the end decides.
        if self._ready_chunk_count + self._chunk_count > self._max_chunks_per_user:
            raise TextLimitReached(limit_chunks=self._max_chunks_per_user)

    def has(self, chunk_count: int) -> bool:
        return len(self._chunks) >= chunk_count

    def is_empty(self) -> bool:
        return not self._pages

    def is_complete(self) -> bool:
        """Tell whether every page was taken.

        Raises:
            EmptyFile: That was all, and there was no text on any page.
        """
        if self._pages_done < self._pages_total:
            return False
        if self._chunk_count == 0:
            raise EmptyFile
        return True

    def take(self, chunk_count: int) -> Batch:
        """Return the next chunks, and wait for them no more."""
        chunks, self._chunks = self._chunks[:chunk_count], self._chunks[chunk_count:]
        texts, self._texts = self._texts[:chunk_count], self._texts[chunk_count:]
        unfinished = self._chunks[0].page if self._chunks else math.inf
        pages = [page for page in self._pages if page.number < unfinished]
        self._pages = self._pages[len(pages) :]
        if pages:
            self._pages_done = pages[-1].number
        return Batch(
            chunks=chunks,
            texts=texts,
            pages=pages,
            pages_done=self._pages_done,
            pages_total=self._pages_total,
            language=self._language,
        )


def _searched(chunk: Chunk) -> str:
    """Return what is searched and embedded: a chunk with the heading it stands under."""
    return f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text


class Pace:
    """How many chunks the endpoint is given at once: few, and more as soon as it proves quick."""

    def __init__(self, file_id: int, embedder: Embedder, *, deadline: float) -> None:
        self._file_id = file_id
        self._embedder = embedder
        self._deadline = deadline  # of the event loop's clock
        self._last_seconds = 0.0
        self.batch_size = _smaller_sizes.get(file_id, FIRST_BATCH_SIZE)
        self.is_known = embedder.endpoint in seconds_per_text and file_id not in _smaller_sizes
        if self.is_known:
            self._grow()

    def _seconds_left(self) -> float:
        return min(self._deadline - asyncio.get_running_loop().time(), _MOST_SECONDS)

    async def embed(self, texts: list[str]) -> list[list[float]] | None:
        """Embed at most `batch_size` texts; None where the time is up, or would be before the answer.

        No batch may take more than 20 s.

        Raises:
            ModelUnavailable: The endpoint refuses, fails, or is too slow for a single text.
        """
        began, seconds = asyncio.get_running_loop().time(), self._seconds_left()
        if seconds <= self._last_seconds:
            return None
        try:
            embeddings = await self._embedder.embed(texts, timeout_seconds=seconds)
        except ModelUnavailable as problem:
            if not is_late(problem):
                raise
            self._shrink(problem)
            return None
        self._last_seconds = asyncio.get_running_loop().time() - began
        seconds_per_text[self._embedder.endpoint] = self._last_seconds / len(texts)
        self._grow()
        return embeddings

    def _grow(self) -> None:
        """Take as many as would come in half of the time that is left, if they come as fast as the last."""
        seconds = max(seconds_per_text[self._embedder.endpoint], 0.00001)
        size = int(self._seconds_left() / 2 / seconds)
        self.batch_size = min(max(self.batch_size, size), EMBEDDING_BATCH_SIZE)

    def _shrink(self, problem: ModelUnavailable) -> None:
        """Try less in the next slice where a whole one was too short."""
        if self._last_seconds:
            return
        seconds_per_text.pop(self._embedder.endpoint, None)
        _smaller_sizes.pop(self._file_id, None)
        if self.batch_size == 1:
            raise problem
        if len(_smaller_sizes) >= _MOST_REMEMBERED:
            _smaller_sizes.clear()
        _smaller_sizes[self._file_id] = self.batch_size // 2


async def make_slice(batch: Batch, pace: Pace) -> Slice | None:
    """Embed a batch; None where the time is up.

    Raises:
        ModelUnavailable
    """
    embeddings = await pace.embed(batch.texts) if batch.texts else []
    return None if embeddings is None else batch.as_slice(embeddings)


async def store_full_batches(shelf: Shelf, pace: Pace, save: Save) -> bool:
    """Have embedded and stored what fills a batch; False where the time is up."""
    while shelf.has(pace.batch_size):
        if not await save(shelf.take(pace.batch_size)):
            return False
    return True


async def store_rest(shelf: Shelf, pace: Pace, save: Save) -> bool:
    """Have embedded and stored all that waits; False where the time is up."""
    while not shelf.is_empty():
        if not await save(shelf.take(pace.batch_size)):
            return False
    return True
