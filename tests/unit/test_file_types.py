"""Name, declared type and content of a file must agree."""

import pytest

from lib.domain.file_types import (
    FILE_TYPES,
    FileType,
    agrees,
    check_content,
    check_declared,
    find_file_type,
)
from lib.domain.models import PageKind
from lib.domain.problems import UnsupportedFileType


def file_type(name: str) -> FileType:
    found = find_file_type(f"a.{name}")
    assert found
    return found


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("Notes.PDF", "pdf"),
        ("a.b.docx", "docx"),
        ("slides.pptx", "pptx"),
        ("page.HTM", "html"),
        ("read.me.markdown", "markdown"),
        ("n.txt", "text"),
    ],
)
def test_the_last_extension_decides_the_type(filename: str, name: str):
    found = find_file_type(filename)

    assert found
    assert found.name == name


@pytest.mark.parametrize("filename", ["pdf", "a.pdf.exe", "a.docm", "a.doc", "a.", "", "a.svg"])
def test_other_extensions_have_no_type(filename: str):
    assert find_file_type(filename) is None


@pytest.mark.parametrize(
    ("filename", "declared"),
    [
        ("a.md", ""),
        ("a.md", "application/octet-stream"),
        ("a.md", "text/plain"),
        ("a.pdf", "application/pdf"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.html", "TEXT/HTML"),
    ],
)
def test_what_browsers_declare_is_accepted(filename: str, declared: str):
    assert check_declared(filename, declared) == find_file_type(filename)


@pytest.mark.parametrize(
    ("filename", "declared"),
    [("a.pdf", "text/html"), ("a.txt", "text/html"), ("a.html", "text/plain"), ("a.exe", "")],
)
def test_another_declared_type_is_refused(filename: str, declared: str):
    with pytest.raises(UnsupportedFileType):
        check_declared(filename, declared)


def test_only_pdf_is_shown_in_the_browser():
    assert [kind.name for kind in FILE_TYPES if kind.inline] == ["pdf"]
    assert file_type("pdf").page_kind is PageKind.PAGE
    assert file_type("pptx").page_kind is PageKind.SLIDE
    assert file_type("docx").page_kind is PageKind.PART


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("pdf", b"%PDF-1.7"),
        ("pdf", b"\n" * 1000 + b"%PDF-1.4"),
        ("docx", b"PK\x03\x04rest"),
        ("html", "\ufeff<!DOCTYPE html>".encode("utf-16-le")),
        ("html", b"<!-- saved page -->\n<HTML lang=en>"),
        ("txt", b"<html> is where a page begins"),
        ("txt", "Übung".encode("latin-1")),
        ("txt", "cut within a letter: é".encode()[:-1]),
        ("md", b""),
    ],
)
def test_content_of_the_type_agrees(name: str, head: bytes):
    assert agrees(file_type(name), head)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("pdf", b"\n" * 1024 + b"%PDF-1.4"),
        ("pdf", b"<html>%PDF-1.4"),
        ("docx", b"%PDF-1.7"),
        ("html", b"just words"),
        ("html", b"<html>%PDF-1.4"),
        ("txt", b"  %PDF-1.7"),
        ("txt", b"PK\x03\x04"),
        ("txt", b"a\0b"),
        ("md", bytes(range(1, 32)) * 9),
    ],
)
def test_content_of_another_type_does_not_agree(name: str, head: bytes):
    assert not agrees(file_type(name), head)


def test_an_old_or_encrypted_office_file_is_told_what_to_do():
    with pytest.raises(UnsupportedFileType, match="old format or protected by a password"):
        check_content(file_type("docx"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
