"""Reads a document as the functions do, to its end, for tests that care only for what comes out."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil

from lib.adapters.documents import Opening, start_reader
from lib.domain.file_types import find_file_type
from lib.domain.models import Page


def read(path: Path, **options: float) -> tuple[Opening, list[Page]]:
    opening, *pages = asyncio.run(collect(path, **options))
    assert isinstance(opening, Opening)
    return opening, [page for page in pages if isinstance(page, Page)]


async def collect(path: Path, **options: float) -> list[Opening | Page]:
    async with aclosing(open_file(path, **options)) as reading:
        return [item async for item in reading]


async def open_file(
    path: Path, *, deadline_seconds: float = 15.0, enough_seconds: float = 0.0, **options: float
) -> AsyncGenerator[Opening | Page]:
    file_type = find_file_type(path.name)
    assert file_type
    chosen: dict[str, Any] = {"max_pages": 1000, "seconds": deadline_seconds} | options
    async with (
        start_reader(path, file_type, **chosen) as reader,
        aclosing(reader.read(deadline_seconds, enough_seconds=enough_seconds)) as items,
    ):
        async for item in items:
            yield item


def texts(path: Path, **options: float) -> list[str]:
    return [page.text for page in read(path, **options)[1]]


def readers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "document_reader" in " ".join(child.cmdline())]
