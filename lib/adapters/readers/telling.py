"""Reads a file, once a line on stdin says that it is there, and tells of it in lines of JSON on stdout.

For the first pages, whose language is wanted, that they were read; the opening; each page; the end. Or a problem.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lib.domain.languages import detect_language
from lib.domain.problems import EmptyFile, Problem, TooManyPages, UnreadableFile
from lib.domain.texts import clean

# No printed page has a tenth of this.
_MOST_CHARACTERS = 200_000
# So much text, or so many pages or seconds, decides the language; who goes on at a later page knows it.
_SAMPLE_CHARACTERS, _SAMPLE_PAGES, _SAMPLE_SECONDS = 20_000, 20, 1.0

# Which module reads which type of file; each loads its own library and no other.
_READERS = {
    "pdf": "pdf",
    "docx": "docx",
    "pptx": "pptx",
    "html": "web_page",
    "markdown": "plain_text",
    "text": "plain_text",
}

Line = dict[str, Any]


def tell(path: str, reader: str, first_page: int, most_pages: int) -> None:
    try:
        for line in _read(Path(path), reader, first_page, most_pages):
            _say(line)
    except Problem as problem:
        _say({"problem": problem.slug, "detail": problem.message})
    except Exception as error:  # noqa: BLE001 - the parent is told, whatever it is
        exhausted = isinstance(error, MemoryError)
        _say({"problem": UnreadableFile.slug, "detail": None, "exhausted": exhausted})


def _read(path: Path, reader: str, first_page: int, most_pages: int) -> Iterator[Line]:
    module = import_module(f"lib.adapters.readers.{_READERS[reader]}")
    if not sys.stdin.buffer.readline():
        return  # nobody wants it any more
    pages: Sequence[str] = module.open_pages(path, most_pages, _MOST_CHARACTERS)
    _check_count(len(pages), most_pages)
    texts = (clean(pages[index]) for index in range(first_page - 1, len(pages)))
    sample: list[str] = []
    for text in _sample(texts) if first_page == 1 else ():
        sample.append(text)
        yield {"read": first_page + len(sample) - 1}
    yield {"pages_total": len(pages), "language": detect_language("\n".join(sample))}
    for number, text in enumerate(chain(sample, texts), first_page):
        yield {"number": number, "text": text}
    yield {"end": True}


def _check_count(pages_total: int, most_pages: int) -> None:
    if pages_total == 0:
        raise EmptyFile
    if pages_total > most_pages:
        raise TooManyPages(
            f"This file has {pages_total:,} pages; at most {most_pages:,} are read. "
            "Split it and upload the parts."
        )


def _sample(texts: Iterator[str]) -> Iterator[str]:
    """Take so many pages as decide the language; slow ones are not waited for."""
    characters, until = 0, time.monotonic() + _SAMPLE_SECONDS
    for text in islice(texts, _SAMPLE_PAGES):
        yield text
        characters += len(text)
        if characters >= _SAMPLE_CHARACTERS or time.monotonic() > until:
            return


def _say(line: Line) -> None:
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()
