"""What waits to be stored leaves in batches, and no endpoint is given more than it can do in time."""

import asyncio
import itertools
import time
from datetime import UTC, datetime

import pytest

from lib.adapters.documents import Opening
from lib.adapters.files import Claim
from lib.adapters.models import Embedder
from lib.domain.models import Chunk, FileStatus, Page, PageKind, Progress, StoredFile
from lib.domain.problems import EmptyFile, ModelUnavailable, TextLimitReached, TooMuchText
from lib.services.slices import Pace, Shelf

_ids = itertools.count(1)
LONG = "A ray entering glass bends towards the normal, because light is slower there. " * 60


def claim(
    *,
    pages_done: int = 0,
    chunk_count: int = 0,
    page_chunk_count: int = 0,
    ready_chunk_count: int = 0,
) -> Claim:
    file = StoredFile(
        id=next(_ids),
        filename="notes.pdf",
        size_bytes=1,
        content_type="application/pdf",
        sha256=None,
        status=FileStatus.PROCESSING,
        progress=Progress(pages_done=pages_done, pages_total=None),
        page_kind=PageKind.PAGE,
        page_count=None,
        language=None,
        empty_pages=0,
        empty_page_numbers=[],
        error=None,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        path="1/a",
    )
    return Claim(
        file=file,
        lease_id="a",
        chunk_count=chunk_count,
        page_chunk_count=page_chunk_count,
        ready_chunk_count=ready_chunk_count,
    )


def shelf_with(
    texts: list[str],
    *,
    first_page: int = 1,
    read: Claim | None = None,
    max_chunks_per_user: int = 100_000,
) -> Shelf:
    shelf = Shelf(read or claim(), max_chunks_per_user)
    shelf.add(Opening(pages_total=first_page + len(texts) - 1, language="en"))
    for number, text in enumerate(texts, first_page):
        shelf.add(Page(number=number, text=text))
    return shelf


class TestShelf:
    def test_gives_a_page_with_the_last_of_its_chunks(self):
        shelf = shelf_with([LONG, "short"])

        first, second = shelf.take(2), shelf.take(100)

        assert [chunk.page for chunk in first.chunks] == [1, 1]
        assert first.pages == []
        assert [page.number for page in second.pages] == [1, 2]
        assert shelf.is_empty()

    def test_gives_blank_pages_too(self):
        shelf = shelf_with(["one", "", ""])

        batch = shelf.take(1)

        assert [page.number for page in batch.pages] == [1, 2, 3]
        assert shelf.is_complete()

    def test_tells_how_far_it_came(self):
        shelf = shelf_with(["one", LONG])
        batch = shelf.take(2)

        part = batch.as_slice([[1.0], [1.0]])

        assert (part.pages_done, part.pages_total, part.language) == (1, 2, "en")
        assert not shelf.is_complete()

    def test_goes_on_within_a_page(self):
        whole = shelf_with(["one", LONG]).take(100)
        stored, rest = whole.chunks[:3], whole.chunks[3:]

        read = claim(pages_done=1, chunk_count=len(stored), page_chunk_count=2)
        resumed = shelf_with([LONG], first_page=2, read=read).take(100)

        assert rest
        assert resumed.chunks == rest
        assert resumed.texts == whole.texts[3:]
        assert [page.number for page in resumed.pages] == [2]

    def test_refuses_a_file_without_text(self):
        shelf = shelf_with(["", ""])
        shelf.take(1)

        with pytest.raises(EmptyFile):
            shelf.is_complete()

    def test_takes_what_the_owners_other_files_leave_room_for(self):
        full = claim(ready_chunk_count=8)

        shelf = shelf_with(["one", "two"], read=full, max_chunks_per_user=10)

        assert len(shelf.take(100).chunks) == 2

    def test_refuses_more_than_that_and_tells_the_limit(self):
        full = claim(ready_chunk_count=8)

        with pytest.raises(TextLimitReached) as refused:
            shelf_with(["one", "two", "three"], read=full, max_chunks_per_user=10)

        assert refused.value.extensions == {"limit_chunks": 10}

    def test_counts_what_earlier_slices_stored(self):
        full = claim(pages_done=2, chunk_count=2, ready_chunk_count=8)

        with pytest.raises(TextLimitReached):
            shelf_with(["three"], first_page=3, read=full, max_chunks_per_user=10)

    def test_a_file_that_no_account_has_room_for_is_to_be_split(self):
        pages = ["word"] * 10_001

        with pytest.raises(TooMuchText):
            shelf_with(pages, max_chunks_per_user=10_000)

    def test_searches_a_chunk_with_the_heading_it_stands_under(self):
        batch = shelf_with([f"# Light\n\n{LONG}"]).take(100)

        texts = [text for text in batch.texts if text.startswith("Light\n")]
        assert len(texts) == len(batch.chunks) - 1
        assert all(isinstance(chunk, Chunk) for chunk in batch.chunks)


class Endpoint(Embedder):
    """Answers at once, or fails for the reason it is given."""

    def __init__(self, cause: Exception | None = None) -> None:
        super().__init__(f"http://endpoint-{next(_ids)}", "", "")
        self.cause = cause
        self.calls: list[int] = []
        self.timeouts: list[float] = []

    async def embed(self, texts: list[str], *, timeout_seconds: float) -> list[list[float]]:
        assert timeout_seconds > 0
        self.calls.append(len(texts))
        self.timeouts.append(timeout_seconds)
        if self.cause:
            raise ModelUnavailable from self.cause
        return [[1.0]] * len(texts)


def embed(file_id: int, endpoint: Endpoint, *, batches: int = 1, seconds: float = 10) -> Pace:
    """Embed some full batches in one slice, and return the pace after it."""

    async def run() -> Pace:
        deadline = asyncio.get_running_loop().time() + seconds
        pace = Pace(file_id, endpoint, deadline=deadline)
        for _ in range(batches):
            await pace.embed(["a"] * pace.batch_size)
        return pace

    return asyncio.run(run())


class TestPace:
    def test_gives_more_to_an_endpoint_that_is_quick(self):
        endpoint = Endpoint()

        embed(next(_ids), endpoint, batches=3)

        assert endpoint.calls == [32, 96, 96]

    def test_gives_no_more_than_comes_in_time_to_renew_the_lease(self):
        endpoint = Endpoint()

        async def run() -> Pace:
            loop = asyncio.get_running_loop()
            now = itertools.chain([0.0], itertools.repeat(16.0))
            loop.time = lambda: next(now)
            pace = Pace(next(_ids), endpoint, deadline=240.0)
            await pace.embed(["a"] * pace.batch_size)
            loop.time = time.monotonic
            return pace

        assert asyncio.run(run()).batch_size == 32
        assert endpoint.timeouts == [20.0]

    def test_gives_as_much_to_the_next_file_of_this_instance(self):
        endpoint = Endpoint()
        embed(next(_ids), endpoint)

        pace = embed(next(_ids), endpoint)

        assert pace.is_known
        assert endpoint.calls == [32, 96]

    def test_begins_with_few_again_after_a_slice_that_was_too_short(self):
        endpoint, file_id = Endpoint(), next(_ids)
        embed(next(_ids), endpoint)
        endpoint.cause = TimeoutError()
        embed(file_id, endpoint)
        endpoint.cause = None

        assert not embed(file_id, endpoint).is_known
        embed(next(_ids), endpoint)

        assert endpoint.calls == [32, 96, 48, 96]

    def test_gives_less_after_a_slice_that_was_too_short(self):
        endpoint, file_id = Endpoint(TimeoutError()), next(_ids)

        for _ in range(3):
            embed(file_id, endpoint)

        assert endpoint.calls == [32, 16, 8]

    def test_gives_other_files_as_much_as_ever(self):
        endpoint = Endpoint(TimeoutError())

        embed(next(_ids), endpoint)
        embed(next(_ids), endpoint)

        assert endpoint.calls == [32, 32]

    def test_gives_up_where_one_text_is_too_much(self):
        endpoint, file_id = Endpoint(TimeoutError()), next(_ids)
        for _ in range(5):
            embed(file_id, endpoint)

        with pytest.raises(ModelUnavailable):
            embed(file_id, endpoint)

        assert endpoint.calls == [32, 16, 8, 4, 2, 1]

    def test_does_not_take_a_refusal_for_slowness(self):
        with pytest.raises(ModelUnavailable):
            embed(next(_ids), Endpoint(ValueError()))

    def test_asks_nothing_once_the_time_is_up(self):
        endpoint = Endpoint()

        embed(next(_ids), endpoint, seconds=-1)

        assert endpoint.calls == []

    def test_asks_nothing_that_would_come_too_late(self):
        endpoint = Endpoint()

        async def run() -> list[list[float]] | None:
            loop = asyncio.get_running_loop()
            now = itertools.chain([0.0, 9.0], itertools.repeat(9.0))
            loop.time = lambda: next(now)
            pace = Pace(next(_ids), endpoint, deadline=17.0)
            await pace.embed(["a"])
            late = await pace.embed(["a"])
            loop.time = time.monotonic
            return late

        assert asyncio.run(run()) is None
        assert endpoint.calls == [1]
