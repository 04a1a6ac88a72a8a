"""/api/upload: what is taken, what is refused, and what becomes of it."""

# ruff: noqa: RUF001 - names in many scripts are the point

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import psutil
import pytest

from dev.student import Student
from tests.conftest import TLS, Configuration, Ground
from tests.documents import make_docx, make_pdf, make_pptx, zip_of
from tests.fakes import ScriptedModel

NOTES = "# Light\n\nA ray entering glass bends towards the normal because it slows down.\n"
HTML = "<!doctype html><html><body><h1>Light</h1><p>A ray bends in glass.</p></body></html>"
QUOTE = "A ray entering glass bends towards the normal"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
SHOWN = {
    "id",
    "filename",
    "size_bytes",
    "content_type",
    "sha256",
    "status",
    "progress",
    "page_kind",
    "page_count",
    "language",
    "empty_pages",
    "empty_page_numbers",
    "error",
    "created_at",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One honest file of each type, by extension."""
    folder: Path = tmp_path_factory.mktemp("samples")
    return {
        "pdf": make_pdf(folder / "a.pdf", [["Light bends."], [], ["It slows down."]]).read_bytes(),
        "docx": make_docx(folder / "a.docx").read_bytes(),
        "pptx": make_pptx(folder / "a.pptx").read_bytes(),
        "html": HTML.encode(),
        "md": NOTES.encode(),
        "txt": b"A ray entering glass bends towards the normal.",
    }


def send(student: Student, name: str, content: bytes, content_type: str = "") -> httpx.Response:
    part = (name, content, content_type) if content_type else (name, content)
    return student.client.post("/api/upload", files={"file": part})


def readers() -> list[psutil.Process]:
    """Return what reads files for this process just now."""
    children = psutil.Process().children()
    return [child for child in children if "lib.adapters.document_reader" in child.cmdline()]


def announce(student: Student, name: str, content: bytes, **members: Any) -> httpx.Response:
    body = {"filename": name, "size_bytes": len(content), **members}
    return student.client.post("/api/upload/signed", json=body)


def put(upload: dict[str, Any], content: bytes) -> None:
    """Send bytes as a browser does: no key, no token, just the URL and its headers."""
    httpx.put(
        upload["url"], content=content, headers=upload["headers"], verify=TLS
    ).raise_for_status()


def ingest(student: Student, file_id: int) -> httpx.Response:
    return student.client.post(f"/api/upload/{file_id}/ingest")


def slug(document: dict[str, Any]) -> str:
    return document["type"].removeprefix("/problems/")


class TestUploadFile:
    @pytest.mark.parametrize(
        ("extension", "content_type", "page_kind", "page_count"),
        [
            ("pdf", "application/pdf", "page", 3),
            ("docx", DOCX, "part", 1),
            ("pptx", PPTX, "slide", 3),
            ("html", "text/html", "part", 1),
            ("md", "text/markdown", "part", 1),
            ("txt", "text/plain", "part", 1),
        ],
    )
    def test_reads_every_type(
        self,
        student: Student,
        samples: dict[str, bytes],
        extension: str,
        content_type: str,
        page_kind: str,
        page_count: int,
    ) -> None:
        content = samples[extension]

        file = student.upload(f"lecture.{extension}", content)

        assert (file["status"], file["error"]) == ("ready", None)
        assert (file["content_type"], file["page_kind"]) == (content_type, page_kind)
        assert file["page_count"] == page_count
        assert file["progress"] == {"pages_done": page_count, "pages_total": page_count}
        assert file["size_bytes"] == len(content)
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert any(student.pages(file))

    def test_tells_the_language(self, student: Student) -> None:
        german = student.upload(
            "stein.txt", "Der Basalt ist ein dunkles Gestein, das schnell abkühlt."
        )
        numbers = student.upload("table.txt", "17 23 42")

        assert (german["language"], numbers["language"]) == ("de", None)

    def test_counts_pages_without_text(self, student: Student, samples: dict[str, bytes]) -> None:
        file = student.upload("lecture.pdf", samples["pdf"])

        assert (file["empty_pages"], file["empty_page_numbers"]) == (1, [2])
        assert student.pages(file) == ["Light bends.", "", "It slows down."]

    def test_shows_what_the_contract_names_and_no_more(
        self, student: Student, samples: dict[str, bytes]
    ) -> None:
        answer = send(student, "lecture.pdf", samples["pdf"])

        assert answer.status_code == 201
        assert answer.json().keys() == SHOWN

    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("notes.exe", ""),
            ("notes", ""),
            ("pdf", ""),
            ("notes.pdf.zip", ""),
            ("notes.pdf", "text/plain"),
            ("notes.txt", "application/pdf"),
            ("notes.md", "text/html"),
            ("notes.docx", "application/zip"),
        ],
    )
    def test_refuses_a_name_or_declared_type_that_disagrees(
        self, student: Student, name: str, content_type: str
    ) -> None:
        answer = send(student, name, NOTES.encode(), content_type)

        assert (answer.status_code, slug(answer.json())) == (415, "unsupported-file-type")
        assert student.client.get("/api/upload").json()["files"] == []

    @pytest.mark.parametrize(
        ("extension", "content"),
        [
            ("pdf", "txt"),
            ("pdf", "html"),
            ("txt", "pdf"),
            ("md", "docx"),
            ("html", "txt"),
            ("docx", "pptx"),
            ("pptx", "docx"),
            ("docx", "txt"),
        ],
    )
    def test_fails_a_file_whose_content_disagrees_with_its_name(
        self, student: Student, samples: dict[str, bytes], extension: str, content: str
    ) -> None:
        file = student.upload(f"lecture.{extension}", samples[content])

        assert (file["status"], file["page_count"]) == ("failed", None)
        assert slug(file["error"]) == "unsupported-file-type"
        assert file["error"]["retryable"] is False
        assert file["error"]["detail"]

    def test_fails_a_zip_that_is_no_document(self, student: Student) -> None:
        file = student.upload("lecture.docx", zip_of({"readme.txt": b"hello"}))

        assert (file["status"], file["error"]["retryable"]) == ("failed", False)

    def test_fails_a_damaged_file(self, student: Student, samples: dict[str, bytes]) -> None:
        file = student.upload("lecture.pdf", samples["pdf"][:200])

        assert (file["status"], slug(file["error"])) == ("failed", "unreadable-file")

    def test_fails_a_file_without_text(self, student: Student, tmp_path: Path) -> None:
        scan = make_pdf(tmp_path / "scan.pdf", [[], []]).read_bytes()

        file = student.upload("scan.pdf", scan)

        assert (file["status"], slug(file["error"])) == ("failed", "empty-file")

    def test_refuses_an_empty_file(self, student: Student) -> None:
        answer = send(student, "notes.txt", b"")

        assert (answer.status_code, slug(answer.json())) == (422, "empty-file")

    def test_refuses_more_than_a_function_takes(self, student: Student) -> None:
        answer = send(student, "notes.txt", b"a" * (4 * 1024 * 1024 + 70_000))

        assert (answer.status_code, slug(answer.json())) == (413, "request-too-large")

    def test_refuses_a_file_over_the_limit(
        self, student: Student, configuration: Configuration
    ) -> None:
        configuration.change(max_file_bytes=10)

        answer = send(student, "notes.txt", b"eleven byte")

        assert (answer.status_code, slug(answer.json())) == (413, "file-too-large")
        assert answer.json()["limit_bytes"] == 10

    def test_fails_a_file_of_too_many_pages(
        self, student: Student, configuration: Configuration, samples: dict[str, bytes]
    ) -> None:
        configuration.change(max_file_pages=2)

        file = student.upload("lecture.pdf", samples["pdf"])

        assert (file["status"], slug(file["error"])) == ("failed", "too-many-pages")
        assert file["error"]["retryable"] is False

    @pytest.mark.parametrize(
        "name",
        ["a/b.txt", "..\\b.txt", "a\u202etxt.pdf", f"{'a' * 300}.txt", "a\tb.txt"],
        ids=["slash", "backslash", "override", "300 characters", "tab"],
    )
    @pytest.mark.parametrize("route", ["direct", "signed"])
    def test_refuses_a_name_that_no_file_should_have(
        self, student: Student, name: str, route: str
    ) -> None:
        if route == "direct":
            answer = raw_upload(student, name)
        else:
            answer = announce(student, name, NOTES.encode())

        assert (answer.status_code, slug(answer.json())) == (422, "invalid-request")
        assert answer.json()["errors"][0]["pointer"].startswith("#/body/file")
        assert student.client.get("/api/upload").json()["files"] == []

    def test_refuses_a_nul_in_a_name(self, student: Student) -> None:
        answer = announce(student, "a\0b.txt", NOTES.encode())

        assert (answer.status_code, slug(answer.json())) == (422, "invalid-request")

    def test_keeps_a_name_of_any_language(self, student: Student) -> None:
        file = student.upload("Übung 3 – 光学 «a».md", NOTES)

        assert file["filename"] == "Übung 3 – 光学 «a».md"

    def test_answers_a_duplicate_with_the_file_that_is_there(self, student: Student) -> None:
        file = student.upload("notes.md", NOTES)

        answer = send(student, "copy.md", NOTES.encode())

        assert (answer.status_code, answer.json()) == (200, file)
        assert len(student.client.get("/api/upload").json()["files"]) == 1

    def test_leaves_no_reader_behind_that_was_started_for_nothing(
        self, student: Student, configuration: Configuration
    ) -> None:
        student.upload("light.md", NOTES)
        configuration.change(max_files_per_user=1)

        again = send(student, "copy.md", NOTES.encode())
        refused = send(student, "more.md", b"A ray slows down.")

        assert again.status_code == 200
        assert refused.json()["type"] == "/problems/file-limit-reached"
        assert readers() == []

    def test_takes_the_same_bytes_from_somebody_else(
        self, new_student: Callable[[], Student]
    ) -> None:
        first, second = new_student(), new_student()
        file = first.upload("notes.md", NOTES)

        answer = send(second, "notes.md", NOTES.encode())

        assert answer.status_code == 201
        assert answer.json()["id"] != file["id"]

    @pytest.mark.parametrize("limit", [{"max_files_per_user": 1}, {"max_bytes_per_user": 100}])
    def test_refuses_more_than_one_may_keep(
        self, student: Student, configuration: Configuration, limit: dict[str, int]
    ) -> None:
        configuration.change(**limit)
        student.upload("notes.md", NOTES)

        answer = send(student, "more.md", f"{NOTES} and more".encode())

        assert (answer.status_code, slug(answer.json())) == (409, "file-limit-reached")

    def test_counts_uploads_at_the_same_moment(
        self, student: Student, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(max_files_per_user=3)

        with ThreadPoolExecutor(8) as pool:
            # The user's row holds them all up, then lets them go in the same moment.
            with ground.locking("select 1 from users where id = %s for update", student.id):
                sent = [
                    pool.submit(announce, student, f"{number}.md", NOTES.encode())
                    for number in range(8)
                ]
                ground.wait_until_stopped("create_file", 8)
            answers = [future.result() for future in sent]

        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5


def raw_upload(student: Student, name: str) -> httpx.Response:
    """Send a name to the letter: httpx would escape some signs."""
    body = (
        f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        f"{NOTES}\r\n--cut--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    return student.client.post("/api/upload", content=body.encode(), headers=headers)


class TestSignedUpload:
    def test_sends_the_bytes_straight_to_storage(self, student: Student, ground: Ground) -> None:
        answer = announce(student, "notes.md", NOTES.encode())
        file, upload = answer.json()["file"], answer.json()["upload"]
        put(upload, NOTES.encode())

        read = ingest(student, file["id"])

        assert (answer.status_code, file["status"], upload["method"]) == (
            201,
            "awaiting_upload",
            "PUT",
        )
        assert file.keys() == SHOWN
        assert (read.status_code, read.json()["status"]) == (200, "ready")
        assert read.json()["sha256"] == hashlib.sha256(NOTES.encode()).hexdigest()
        assert ground.has_object(ground.path_of(file["id"]))

    def test_is_resumed_after_an_interruption(self, student: Student) -> None:
        content = "\n\n".join(f"Fact {n}: {NOTES}" for n in range(2_000)).encode()
        answer = announce(student, "notes.md", content).json()
        resumable = answer["upload"]["resumable"]
        headers = {**resumable["headers"], "Tus-Resumable": "1.0.0"}
        created = httpx.post(
            resumable["url"], headers={**headers, "Upload-Length": str(len(content))}, verify=TLS
        )
        place = created.headers["Location"]

        offset = send_in_part(place, headers, content)
        early = ingest(student, answer["file"]["id"])
        last = httpx.patch(
            place, headers=piece(headers, offset), content=content[offset:], verify=TLS
        )
        file = student.ingest(ingest(student, answer["file"]["id"]).json())

        assert 0 < offset < len(content)
        assert (early.status_code, last.status_code) == (409, 204)
        assert (file["status"], file["sha256"]) == ("ready", hashlib.sha256(content).hexdigest())

    def test_needs_none_for_a_duplicate(self, student: Student) -> None:
        file = student.upload("notes.md", NOTES)

        answer = announce(student, "copy.md", NOTES.encode(), sha256=file["sha256"])

        assert (answer.status_code, answer.json()) == (200, {"file": file, "upload": None})

    def test_of_a_duplicate_that_shows_only_when_read_leaves_nothing(
        self, student: Student, ground: Ground
    ) -> None:
        file = student.upload("notes.md", NOTES)
        answer = announce(student, "copy.md", NOTES.encode()).json()
        path = ground.path_of(answer["file"]["id"])
        put(answer["upload"], NOTES.encode())

        read = ingest(student, answer["file"]["id"])

        assert (read.status_code, read.json()) == (200, file)
        assert student.client.get(f"/api/upload/{answer['file']['id']}").status_code == 404
        assert not ground.has_object(path)
        assert ground.has_object(ground.path_of(file["id"]))

    def test_waits_for_its_bytes_however_often_it_is_asked(self, student: Student) -> None:
        answer = announce(student, "notes.md", NOTES.encode()).json()

        early = [ingest(student, answer["file"]["id"]) for _ in range(6)]
        waiting = student.client.get(f"/api/upload/{answer['file']['id']}").json()
        put(answer["upload"], NOTES.encode())
        read = ingest(student, answer["file"]["id"])

        assert {(a.status_code, slug(a.json())) for a in early} == {(409, "upload-incomplete")}
        assert (waiting["status"], waiting["error"]) == ("awaiting_upload", None)
        assert read.json()["status"] == "ready"

    @pytest.mark.parametrize(
        ("sent", "members"),
        [
            (NOTES.encode() + b"!", {}),
            (NOTES.encode()[:-1], {}),
            (NOTES.encode(), {"sha256": "0" * 64}),
        ],
        ids=["longer", "shorter", "another sha256"],
    )
    def test_fails_where_something_else_arrives(
        self, student: Student, sent: bytes, members: dict[str, str]
    ) -> None:
        answer = announce(student, "notes.md", NOTES.encode(), **members).json()
        put(answer["upload"], sent)

        file = ingest(student, answer["file"]["id"]).json()

        assert (file["status"], slug(file["error"])) == ("failed", "upload-mismatch")
        assert file["error"]["retryable"] is False

    def test_is_refused_where_the_storage_lost_its_bucket(
        self, student: Student, configuration: Configuration
    ) -> None:
        configuration.change(storage_bucket="gone")

        signed = announce(student, "notes.md", NOTES.encode())
        sent = send(student, "notes.md", NOTES.encode())

        for answer in (signed, sent):
            assert (answer.status_code, slug(answer.json())) == (503, "storage-unavailable")

    def test_keeps_no_more_bytes_than_were_announced(
        self, student: Student, ground: Ground
    ) -> None:
        kept = (
            "select coalesce(sum((metadata ->> 'size')::bigint), 0) as bytes from storage.objects"
            " where bucket_id = 'files' and name like %s"
        )
        ids: list[int] = []
        for number in range(3):
            answer = announce(student, f"{number}.txt", b"x").json()
            put(answer["upload"], b"x" * 100_000)
            ids.append(answer["file"]["id"])
        sent = ground.row(kept, f"{student.id}/%")

        for file_id in ids:
            assert ingest(student, file_id).json()["status"] == "failed"

        assert (sent["bytes"], ground.row(kept, f"{student.id}/%")["bytes"]) == (300_000, 0)
        opened = student.client.get(f"/api/upload/{ids[0]}/content")
        assert (opened.status_code, slug(opened.json())) == (409, "upload-incomplete")

    def test_deletes_what_was_not_announced_once_more_when_its_url_has_expired(
        self, student: Student, ground: Ground
    ) -> None:
        answer = announce(student, "notes.md", NOTES.encode()).json()
        file_id = answer["file"]["id"]
        announced = ground.path_of(file_id)
        put(answer["upload"], b"something else")
        ingest(student, file_id)

        put(answer["upload"], b"something else")

        assert ground.has_object(announced)
        assert ground.path_of(file_id) != announced
        [due] = ground.rows("select not_before from object_deletions where path = %s", announced)
        assert due["not_before"] > datetime.now(UTC) + timedelta(hours=2)

    @pytest.mark.parametrize("sent_as", ["text/html", "text/plain"])
    def test_fails_what_was_sent_as_another_type(
        self, student: Student, samples: dict[str, bytes], sent_as: str
    ) -> None:
        content = samples["pdf"]
        answer = announce(student, "lecture.pdf", content).json()
        upload = answer["upload"]
        put({**upload, "headers": {**upload["headers"], "Content-Type": sent_as}}, content)

        file = ingest(student, answer["file"]["id"]).json()

        assert (file["status"], slug(file["error"])) == ("failed", "upload-mismatch")

    @pytest.mark.parametrize(
        "members",
        [
            {"size_bytes": 0},
            {"size_bytes": -1},
            {"size_bytes": "many"},
            {"sha256": "xyz"},
            {"sha256": "A" * 64},
            {"filename": ""},
            {"filename": None},
            {"path": "elsewhere"},
            {"user_id": 1},
        ],
    )
    def test_refuses_a_malformed_announcement(
        self, student: Student, members: dict[str, Any]
    ) -> None:
        body = {"filename": "notes.md", "size_bytes": 1} | members

        answer = student.client.post("/api/upload/signed", json=body)

        assert (answer.status_code, slug(answer.json())) == (422, "invalid-request")

    def test_refuses_a_file_over_the_limit(self, student: Student) -> None:
        body = {"filename": "film.pdf", "size_bytes": 50 * 1024 * 1024 + 1}

        answer = student.client.post("/api/upload/signed", json=body)

        assert (answer.status_code, slug(answer.json())) == (413, "file-too-large")


def piece(headers: dict[str, str], offset: int) -> dict[str, str]:
    return {
        **headers,
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
    }


def send_in_part(place: str, headers: dict[str, str], content: bytes) -> int:
    """Break off in the middle, and return how much is there; again where nothing had been taken in by then."""
    for _ in range(20):
        with pytest.raises(ConnectionAbortedError):
            httpx.patch(place, headers=piece(headers, 0), content=breaking_off(content), verify=TLS)
        offset = int(httpx.head(place, headers=headers, verify=TLS).headers["Upload-Offset"])
        if offset:
            return offset
    raise AssertionError("nothing of it is kept")


def breaking_off(content: bytes) -> Iterator[bytes]:
    yield content[: len(content) // 2]
    raise ConnectionAbortedError


class TestListing:
    def test_is_newest_first_page_by_page(self, student: Student) -> None:
        ids = [announce(student, f"{n}.md", NOTES.encode()).json()["file"]["id"] for n in range(5)]

        first = student.client.get("/api/upload?limit=2").json()
        second = student.client.get("/api/upload", params=page_after(first, 2)).json()
        third = student.client.get("/api/upload", params=page_after(second, 2)).json()

        pages = [[file["id"] for file in page["files"]] for page in (first, second, third)]
        assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
        assert third["next_cursor"] is None
        assert first["files"][0].keys() == SHOWN

    @pytest.mark.parametrize(
        "query",
        [
            "cursor=nonsense",
            "cursor=%F0%9F%98%80",
            f"cursor={base64.urlsafe_b64encode(b'[true]').decode()}",
            f"cursor={base64.urlsafe_b64encode(b'{}').decode()}",
            "limit=0",
            "limit=101",
        ],
    )
    def test_refuses_what_is_no_page(self, student: Student, query: str) -> None:
        answer = student.client.get(f"/api/upload?{query}")

        assert (answer.status_code, slug(answer.json())) == (422, "invalid-request")


def page_after(page: dict[str, Any], limit: int) -> dict[str, Any]:
    return {"cursor": page["next_cursor"], "limit": limit}


class TestContent:
    def test_redirects_to_the_bytes(self, student: Student, samples: dict[str, bytes]) -> None:
        file = student.upload("lecture.pdf", samples["pdf"])

        answer = student.client.get(f"/api/upload/{file['id']}/content")
        content = httpx.get(answer.headers["Location"], verify=TLS)

        assert answer.status_code == 307
        assert content.content == samples["pdf"]
        assert content.headers["Content-Type"] == "application/pdf"
        assert "attachment" not in content.headers.get("Content-Disposition", "")

    @pytest.mark.parametrize(
        ("extension", "query"), [("html", ""), ("md", ""), ("docx", ""), ("pdf", "&download=1")]
    )
    def test_is_saved_under_its_name(
        self, student: Student, samples: dict[str, bytes], extension: str, query: str
    ) -> None:
        file = student.upload(f"Übung 光.{extension}", samples[extension])

        answer = student.client.get(f"/api/upload/{file['id']}/content?as=url{query}").json()
        content = httpx.get(answer["url"], verify=TLS)

        disposition = content.headers["Content-Disposition"]
        assert disposition.startswith("attachment")
        [name] = re.findall(r"filename\*=UTF-8''([^;]+)", disposition)
        assert unquote(name) == f"Übung 光.{extension}"
        assert answer.keys() == {"url", "expires_at"}

    def test_is_not_shown_unless_it_was_read(
        self, student: Student, samples: dict[str, bytes]
    ) -> None:
        file = student.upload("lecture.pdf", samples["txt"])

        answer = student.client.get(f"/api/upload/{file['id']}/content?as=url").json()
        content = httpx.get(answer["url"], verify=TLS)

        assert file["status"] == "failed"
        assert content.headers["Content-Disposition"].startswith("attachment")

    def test_is_not_there_before_it_arrives(self, student: Student) -> None:
        file = announce(student, "notes.md", NOTES.encode()).json()["file"]

        answer = student.client.get(f"/api/upload/{file['id']}/content")

        assert (answer.status_code, slug(answer.json())) == (409, "upload-incomplete")


class TestPages:
    def test_are_opened_one_by_one(self, student: Student, samples: dict[str, bytes]) -> None:
        file = student.upload("lecture.pdf", samples["pdf"])

        answer = student.client.get(f"/api/upload/{file['id']}/pages/3")

        assert answer.json() == {"page": 3, "page_count": 3, "text": "It slows down."}

    def test_beyond_the_last_are_not_found(self, student: Student) -> None:
        file = student.upload("notes.md", NOTES)

        statuses = [
            student.client.get(f"/api/upload/{file['id']}/pages/{number}").status_code
            for number in (1, 2, 0, "x", 2**63)
        ]

        assert statuses == [200, 404, 422, 422, 422]

    def test_are_not_found_before_the_file_is_ready(self, student: Student) -> None:
        file = announce(student, "notes.md", NOTES.encode()).json()["file"]

        answer = student.client.get(f"/api/upload/{file['id']}/pages/1")

        assert (answer.status_code, slug(answer.json())) == (404, "page-not-found")


class TestDeletion:
    def test_leaves_nothing(self, student: Student, ground: Ground) -> None:
        file = student.upload("notes.md", NOTES)
        path = ground.path_of(file["id"])

        answer = student.client.delete(f"/api/upload/{file['id']}")

        assert (answer.status_code, answer.content) == (204, b"")
        assert rows_of(ground, file["id"]) == (0, 0, 0)
        assert not ground.has_object(path)
        for route in ("", "/content", "/pages/1"):
            assert student.client.get(f"/api/upload/{file['id']}{route}").status_code == 404
        assert student.client.delete(f"/api/upload/{file['id']}").status_code == 404

    def test_keeps_the_citations_of_old_answers(
        self, student: Student, model: ScriptedModel
    ) -> None:
        file = student.upload("notes.md", NOTES)
        model.says = f'It bends <cite passage="1">{QUOTE}</cite>.'
        query = student.ask("How does a ray bend in glass?")

        student.client.delete(f"/api/upload/{file['id']}")

        chat = student.client.get(f"/api/history/{query['chat_id']}").json()
        [citation] = chat["queries"][0]["citations"]
        assert (citation["filename"], citation["page"], citation["quote"]) == ("notes.md", 1, QUOTE)
        opened = student.client.get(f"/api/upload/{citation['file_id']}/pages/1")
        assert (opened.status_code, slug(opened.json())) == (404, "file-not-found")

    def test_makes_room_for_the_same_file_again(self, student: Student) -> None:
        file = student.upload("notes.md", NOTES)
        student.client.delete(f"/api/upload/{file['id']}")

        again = student.upload("notes.md", NOTES)

        assert (again["status"], again["id"] > file["id"]) == ("ready", True)


def rows_of(ground: Ground, file_id: int) -> tuple[int, int, int]:
    row = ground.row(
        "select (select count(*) from files where id = %s) as files,"
        " (select count(*) from pages where file_id = %s) as pages,"
        " (select count(*) from chunks where file_id = %s) as chunks",
        *[file_id] * 3,
    )
    return row["files"], row["pages"], row["chunks"]
