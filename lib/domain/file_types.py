"""The types of file that Lectern reads, and whether name, declared type and content agree."""

import re

from lib.domain.encodings import decode_text
from lib.domain.models import Model, PageKind
from lib.domain.problems import UnsupportedFileType

# As many of a file's first bytes as `agrees` wants to see.
HEAD_BYTES = 4096

# What a browser or curl declares when it does not know the extension.
_UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})

_OOXML = "application/vnd.openxmlformats-officedocument."


class FileType(Model):
    name: str
    extensions: tuple[str, ...]
    content_type: str
    also_declared: tuple[str, ...] = ()
    page_kind: PageKind = PageKind.PART
    inline: bool = False  # only what a browser shows without running it; the rest is an attachment


FILE_TYPES = (
    FileType(
        name="pdf",
        extensions=("pdf",),
        content_type="application/pdf",
        also_declared=("application/x-pdf",),
        page_kind=PageKind.PAGE,
        inline=True,
    ),
    FileType(
        name="docx",
        extensions=("docx",),
        content_type=f"{_OOXML}wordprocessingml.document",
    ),
    FileType(
        name="pptx",
        extensions=("pptx",),
        content_type=f"{_OOXML}presentationml.presentation",
        page_kind=PageKind.SLIDE,
    ),
    FileType(
        name="html",
        extensions=("html", "htm", "xhtml"),
        content_type="text/html",
        also_declared=("application/xhtml+xml",),
    ),
    FileType(
        name="markdown",
        extensions=("md", "markdown"),
        content_type="text/markdown",
        also_declared=("text/x-markdown", "text/plain"),
    ),
    FileType(name="text", extensions=("txt", "text"), content_type="text/plain"),
)

_BY_EXTENSION = {extension: kind for kind in FILE_TYPES for extension in kind.extensions}

# Word and PowerPoint before 2007, and encrypted files of today.
_OLE = b"\xd0\xcf\x11\xe0"
# How files begin that are no text, whatever they are called.
_BINARY_STARTS = (
    b"%PDF-", b"PK\x03\x04", b"PK\x05\x06", b"\x7fELF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"{\\rtf",
    _OLE, b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xca\xfe\xba\xbe", b"SQLite format 3",
)  # fmt: skip
_MARKUP = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|main|article|section|div|p|h[1-6]|table|ul|ol|span)\b",
    re.IGNORECASE,
)


def find_file_type(filename: str) -> FileType | None:
    _, dot, extension = filename.rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot else None


def check_declared(filename: str, content_type: str) -> FileType:
    """Return the type that the name and the declared content type agree on.

    Raises:
        UnsupportedFileType: the extension is not accepted, or another type was declared for it.
    """
    file_type = find_file_type(filename)
    if file_type is None:
        raise UnsupportedFileType
    declared = content_type.partition(";")[0].strip().lower()
    if declared not in _UNDECLARED | {file_type.content_type, *file_type.also_declared}:
        raise UnsupportedFileType(
            f"The file is named .{file_type.extensions[0]} but was sent as another type. Rename it and upload it again."
        )
    return file_type


def agrees(file_type: FileType, head: bytes) -> bool:
    """Tell whether a file that begins with `head` can be of this type.

    Whether a zip really is a DOCX or a PPTX, and whether a text is text to its end, shows only in
    the whole file: the reader checks that.
    """
    match file_type.name:
        case "pdf":
            return _is_pdf(head)
        case "docx" | "pptx":
            return head.startswith(b"PK\x03\x04")
        case "html":
            return _is_text(head) and _is_html(head)
        case _:
            return _is_text(head)


def check_content(file_type: FileType, head: bytes) -> None:
    """Refuse a file whose beginning is not of its type.

    Raises:
        UnsupportedFileType: with what to do about it.
    """
    if agrees(file_type, head):
        return
    if head.startswith(_OLE) and file_type.name in {"docx", "pptx"}:
        raise UnsupportedFileType(
            f"This file is in an old format or protected by a password. Save it as .{file_type.name} without a password."
        )
    raise UnsupportedFileType(
        "The file's content is not what its name says. Rename it and upload it again."
    )


def _is_pdf(head: bytes) -> bool:
    """The header stands within the first 1,024 bytes (ISO 32000, implementation note 13), and not inside a web page."""
    before, header, _ = head[:1024].partition(b"%PDF-")
    return bool(header) and not _MARKUP.search(before.decode("latin-1"))


def _is_text(head: bytes) -> bool:
    if head.lstrip().startswith(_BINARY_STARTS):
        return False
    return decode_text(head, complete=False) is not None


def _is_html(head: bytes) -> bool:
    text = decode_text(head, complete=False) or ""
    return bool(_MARKUP.search(text)) and "%PDF-" not in text[:1024]
