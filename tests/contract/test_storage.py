"""What Lectern relies on in Supabase Storage: held to by the local one and by a real project alike.

The real one takes part where LECTERN_CONTRACT_SUPABASE_URL and LECTERN_CONTRACT_SECRET_KEY are set;
it is used in a bucket of its own, which stays.
"""

import asyncio
import base64
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from storage3 import AsyncStorageClient
from storage3._async.file_api import AsyncBucketProxy
from storage3.exceptions import StorageApiError
from storage3.types import URLOptions

from dev.stack import Stack

BUCKET = "contract-tests"
LIMIT = 7 * 1024 * 1024
TYPES = ["text/plain", "text/html", "application/pdf"]
TEXT = b"A ray entering glass bends towards the normal."

REAL_URL = os.environ.get("LECTERN_CONTRACT_SUPABASE_URL", "")  # noqa: TID251 - not Lectern's own
REAL_KEY = os.environ.get("LECTERN_CONTRACT_SECRET_KEY", "")  # noqa: TID251 - likewise

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Storage:
    """One project's Storage, as its service sees it, and a folder of it for one test."""

    url: str
    secret_key: str
    http: httpx.AsyncClient
    folder: str

    @property
    def files(self) -> AsyncBucketProxy:
        return self.client().from_(BUCKET)

    def client(self) -> AsyncStorageClient:
        return AsyncStorageClient(f"{self.url}/", self.headers, http_client=self.http)

    @property
    def headers(self) -> dict[str, str]:
        return {"apikey": self.secret_key}

    def key(self, name: str = "a.txt") -> str:
        return f"{self.folder}/{name}"

    async def put(
        self, name: str = "a.txt", content: bytes = TEXT, kind: str = "text/plain"
    ) -> str:
        """Upload a file the way a browser does, and return its key."""
        signed = await self.files.create_signed_upload_url(self.key(name))
        response = await self.http.put(
            signed["signed_url"], content=content, headers={"Content-Type": kind}
        )
        response.raise_for_status()
        return self.key(name)

    async def link(self, key: str, options: URLOptions | None = None) -> str:
        """Return a link to an object, good for a minute."""
        signed = await self.files.create_signed_url(key, 60, options)
        assert signed["signedURL"] is not None
        return signed["signedURL"]


@pytest.fixture(params=["local", "real"] if REAL_URL else ["local"])
def project(request: pytest.FixtureRequest) -> tuple[str, str]:
    if request.param == "real":
        return REAL_URL, REAL_KEY
    stack: Stack = request.getfixturevalue("stack")
    return stack.supabase_url, stack.secret_key


@pytest.fixture
async def storage(project: tuple[str, str]) -> AsyncIterator[Storage]:
    url, key = project
    async with httpx.AsyncClient(timeout=30) as http:
        storage = Storage(f"{url}/storage/v1", key, http, uuid.uuid4().hex)
        if BUCKET not in {bucket.id for bucket in await storage.client().list_buckets()}:
            limits = {"public": False, "file_size_limit": LIMIT, "allowed_mime_types": TYPES}
            await storage.client().create_bucket(BUCKET, options=limits)  # pyright: ignore[reportArgumentType]
        yield storage
        names = [entry["name"] for entry in await storage.files.list(storage.folder)]
        await storage.files.remove([storage.key(name) for name in [*names, "none"]])


class TestSignedUpload:
    async def test_takes_raw_bytes(self, storage: Storage) -> None:
        signed = await storage.files.create_signed_upload_url(storage.key())

        response = await storage.http.put(
            signed["signed_url"], content=TEXT, headers={"Content-Type": "text/plain"}
        )

        assert response.status_code == 200
        assert response.json() == {"Key": f"{BUCKET}/{storage.key()}"}
        assert await storage.files.download(storage.key()) == TEXT

    async def test_takes_a_form(self, storage: Storage) -> None:
        signed = await storage.files.create_signed_upload_url(storage.key())

        await storage.files.upload_to_signed_url(
            storage.key(), signed["token"], TEXT, {"content-type": "text/plain"}
        )

        assert await storage.files.download(storage.key()) == TEXT
        assert (await storage.files.info(storage.key()))["content_type"] == "text/plain"

    async def test_stores_once(self, storage: Storage) -> None:
        signed = await storage.files.create_signed_upload_url(storage.key())
        await storage.put()

        response = await storage.http.put(
            signed["signed_url"], content=b"other", headers={"Content-Type": "text/plain"}
        )

        assert response.status_code == 400
        assert response.json() == {
            "statusCode": "409",
            "error": "Duplicate",
            "message": "The resource already exists",
            "code": "KeyAlreadyExists",
        }
        assert await storage.files.download(storage.key()) == TEXT

    async def test_is_not_given_for_a_key_that_is_taken(self, storage: Storage) -> None:
        await storage.put()

        with pytest.raises(StorageApiError) as refusal:
            await storage.files.create_signed_upload_url(storage.key())

        assert (str(refusal.value.status), refusal.value.code) == ("409", "Duplicate")

    async def test_refuses_a_type_that_the_bucket_does_not_take(self, storage: Storage) -> None:
        signed = await storage.files.create_signed_upload_url(storage.key())

        response = await storage.http.put(
            signed["signed_url"], content=TEXT, headers={"Content-Type": "image/png"}
        )

        assert response.status_code == 400
        assert response.json()["statusCode"] == "415"
        assert response.json()["error"] == "invalid_mime_type"

    async def test_refuses_more_than_the_bucket_takes(self, storage: Storage) -> None:
        signed = await storage.files.create_signed_upload_url(storage.key())

        response = await storage.http.put(
            signed["signed_url"],
            content=b"x" * (LIMIT + 1),
            headers={"Content-Type": "text/plain"},
        )

        assert response.status_code == 400
        assert response.json()["statusCode"] == "413"
        assert response.json()["error"] == "Payload too large"
        assert response.json()["code"] == "EntityTooLarge"
        assert not await storage.files.exists(storage.key())

    async def test_is_for_one_key(self, storage: Storage) -> None:
        signed = await storage.files.create_signed_upload_url(storage.key("a.txt"))

        response = await storage.http.put(
            signed["signed_url"].replace("/a.txt?", "/b.txt?"),
            content=TEXT,
            headers={"Content-Type": "text/plain"},
        )

        assert (response.status_code, response.json()["code"]) == (400, "InvalidSignature")

    async def test_is_not_for_reading_nor_a_link_for_writing(self, storage: Storage) -> None:
        await storage.put("b.txt")
        upload = await storage.files.create_signed_upload_url(storage.key("a.txt"))
        link = await storage.link(storage.key("b.txt"))
        read = upload["signed_url"].replace("/upload/sign/", "/sign/")
        write = link.replace("/object/sign/", "/object/upload/sign/")

        reading = await storage.http.get(read)
        writing = await storage.http.put(write, content=TEXT)

        assert (reading.status_code, writing.status_code) == (400, 400)
        assert reading.json()["code"] == writing.json()["code"] == "InvalidSignature"

    async def test_refuses_a_key_with_letters_beyond_ascii(self, storage: Storage) -> None:
        with pytest.raises(StorageApiError) as refusal:
            await storage.files.create_signed_upload_url(storage.key("naïve.txt"))

        assert refusal.value.code == "InvalidKey"


class TestLink:
    async def test_gives_the_bytes_and_their_type(self, storage: Storage) -> None:
        link = await storage.link(await storage.put())

        response = await storage.http.get(link)

        assert (response.status_code, response.content) == (200, TEXT)
        assert response.headers["content-type"].startswith("text/plain")
        assert "content-disposition" not in response.headers

    async def test_names_the_download(self, storage: Storage) -> None:
        name = "naïve name.txt"
        link = await storage.link(await storage.put(), {"download": name})

        response = await storage.http.get(link)

        assert response.headers["content-disposition"] == (
            "attachment; filename=na%C3%AFve%20name.txt; filename*=UTF-8''na%C3%AFve%20name.txt"
        )

    @pytest.mark.parametrize(
        ("asked", "given", "named"),
        [
            ("bytes=2-4", TEXT[2:5], "bytes 2-4/46"),
            ("bytes=40-", TEXT[40:], "bytes 40-45/46"),
            ("bytes=-7", TEXT[-7:], "bytes 39-45/46"),
            ("bytes=40-900", TEXT[40:], "bytes 40-45/46"),
        ],
    )
    async def test_gives_a_part(
        self, storage: Storage, asked: str, given: bytes, named: str
    ) -> None:
        link = await storage.link(await storage.put())

        response = await storage.http.get(link, headers={"Range": asked})

        assert (response.status_code, response.content) == (206, given)
        assert response.headers["content-range"] == named

    async def test_does_not_serve_html_as_a_page(self, storage: Storage) -> None:
        key = await storage.put("a.html", b"<script>alert(1)</script>", "text/html")
        link = await storage.link(key)

        response = await storage.http.get(link)

        assert response.headers["content-type"].startswith("text/plain")

    async def test_is_refused_when_forged(self, storage: Storage) -> None:
        link = await storage.link(await storage.put())

        forged = await storage.http.get(link + "x")
        without = await storage.http.get(link.partition("?")[0])

        assert (forged.status_code, forged.json()["code"]) == (400, "InvalidJWT")
        assert without.status_code == 400

    async def test_is_not_given_for_what_is_not_there(self, storage: Storage) -> None:
        with pytest.raises(StorageApiError) as refusal:
            await storage.files.create_signed_url(storage.key("none"), 60)

        assert (str(refusal.value.status), refusal.value.code) == ("404", "not_found")


class TestObject:
    async def test_is_described(self, storage: Storage) -> None:
        key = await storage.put()

        described = await storage.files.info(key)

        assert (described["size"], described["content_type"]) == (len(TEXT), "text/plain")
        assert described["name"] == key
        assert described["etag"]

    async def test_that_is_not_there_is_told_from_one_that_is(self, storage: Storage) -> None:
        key = await storage.put()

        assert await storage.files.exists(key)
        assert not await storage.files.exists(storage.key("none"))

    async def test_is_removed_and_one_that_is_not_there_is_no_error(self, storage: Storage) -> None:
        key = await storage.put()

        removed = await storage.files.remove([key, storage.key("none")])

        assert [entry["name"] for entry in removed] == [key]
        assert not await storage.files.exists(key)

    async def test_is_listed_in_its_folder(self, storage: Storage) -> None:
        await storage.put("b.txt")
        await storage.put("a.txt")
        await storage.put("deep/c.txt")

        listed = await storage.files.list(storage.folder)

        assert [entry["name"] for entry in listed] == ["a.txt", "b.txt", "deep"]
        assert listed[0]["metadata"]["size"] == len(TEXT)
        assert listed[2]["id"] is None
        await storage.files.remove([storage.key("deep/c.txt")])

    async def test_of_a_private_bucket_is_for_the_service_alone(self, storage: Storage) -> None:
        key = await storage.put()

        response = await storage.http.get(f"{storage.url}/object/{BUCKET}/{key}")

        assert response.status_code == 400
        assert response.json()["statusCode"] == "404"

    async def test_needs_a_key_to_be_signed_for(self, storage: Storage) -> None:
        response = await storage.http.post(
            f"{storage.url}/object/upload/sign/{BUCKET}/{storage.key()}"
        )

        assert response.status_code in {400, 401, 403}


async def test_a_page_of_any_origin_may_upload(storage: Storage) -> None:
    signed = await storage.files.create_signed_upload_url(storage.key())
    preflight = {
        "Origin": "https://lectern.test",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }

    response = await storage.http.options(signed["signed_url"], headers=preflight)

    assert response.is_success
    assert response.headers["access-control-allow-origin"] in {"*", "https://lectern.test"}
    assert "PUT" in response.headers["access-control-allow-methods"]


class TestResumableUpload:
    """TUS 1.0.0, with the signature of a signed upload in place of a user's token."""

    CHUNK = 6 * 1024 * 1024
    BYTES = bytes(range(256)) * 4 * 1024 * 6 + b"and a little more"

    @staticmethod
    def metadata(storage: Storage, name: str, kind: str) -> str:
        members = {"bucketName": BUCKET, "objectName": storage.key(name), "contentType": kind}
        return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in members.items())

    async def begin(
        self, storage: Storage, *, name: str = "a.txt", size: int = 0, kind: str = "text/plain"
    ) -> tuple[httpx.Response, dict[str, str]]:
        signed = await storage.files.create_signed_upload_url(storage.key(name))
        headers = {"Tus-Resumable": "1.0.0", "x-signature": signed["token"]}
        response = await storage.http.post(
            f"{storage.url}/upload/resumable/sign",
            headers={
                **headers,
                "Upload-Length": str(size or len(self.BYTES)),
                "Upload-Metadata": self.metadata(storage, name, kind),
            },
        )
        return response, headers

    @staticmethod
    async def send(
        storage: Storage,
        url: str,
        headers: dict[str, str],
        offset: int,
        content: bytes | AsyncIterator[bytes],
    ) -> httpx.Response:
        kind = "application/offset+octet-stream"
        moved = {**headers, "Content-Type": kind, "Upload-Offset": str(offset)}
        return await storage.http.patch(url, content=content, headers=moved)

    async def test_goes_on_where_it_stopped(self, storage: Storage) -> None:
        created, headers = await self.begin(storage)
        url = created.headers["location"]
        first = await self.send(storage, url, headers, 0, self.BYTES[: self.CHUNK])
        asked = await storage.http.head(url, headers=headers)

        last = await self.send(storage, url, headers, self.CHUNK, self.BYTES[self.CHUNK :])

        assert (created.status_code, first.status_code, last.status_code) == (201, 204, 204)
        assert asked.headers["upload-offset"] == str(self.CHUNK)
        assert asked.headers["upload-length"] == str(len(self.BYTES))
        assert last.headers["upload-offset"] == str(len(self.BYTES))
        assert await storage.files.download(storage.key()) == self.BYTES
        assert (await storage.files.info(storage.key()))["content_type"] == "text/plain"

    async def test_refuses_another_offset(self, storage: Storage) -> None:
        created, headers = await self.begin(storage)

        response = await self.send(storage, created.headers["location"], headers, 5, b"x")

        assert response.status_code == 409

    async def test_is_taken_over_from_a_request_that_hangs(self, storage: Storage) -> None:
        """A phone that changed its network leaves a request behind that nothing comes of any more."""
        created, headers = await self.begin(storage)
        url = created.headers["location"]
        is_sent, is_over = asyncio.Event(), asyncio.Event()

        async def hang() -> AsyncIterator[bytes]:
            yield self.BYTES[: self.CHUNK]
            is_sent.set()
            await is_over.wait()

        left = asyncio.create_task(self.send(storage, url, headers, 0, hang()))
        await is_sent.wait()
        asked = await storage.http.head(url, headers=headers)
        offset = int(asked.headers["upload-offset"])
        last = await self.send(storage, url, headers, offset, self.BYTES[offset:])
        is_over.set()
        with contextlib.suppress(httpx.TransportError):
            assert (await left).status_code == 400

        assert last.status_code == 204
        assert await storage.files.download(storage.key()) == self.BYTES

    async def test_refuses_more_than_the_bucket_takes(self, storage: Storage) -> None:
        response, _ = await self.begin(storage, size=LIMIT + 1)

        assert response.status_code == 413

    async def test_refuses_a_type_that_the_bucket_does_not_take(self, storage: Storage) -> None:
        response, _ = await self.begin(storage, kind="image/png")

        assert response.status_code == 415

    async def test_needs_its_signature_each_time(self, storage: Storage) -> None:
        created, headers = await self.begin(storage)
        url = created.headers["location"]
        unsigned = {"Tus-Resumable": headers["Tus-Resumable"]}

        asked = await storage.http.head(url, headers=unsigned)
        sent = await self.send(storage, url, unsigned, 0, b"x")

        assert (asked.status_code, sent.status_code) == (400, 400)

    async def test_can_be_given_up(self, storage: Storage) -> None:
        created, headers = await self.begin(storage)
        url = created.headers["location"]

        gone = await storage.http.delete(url, headers=headers)
        asked = await storage.http.head(url, headers=headers)

        assert gone.status_code == 204
        assert asked.status_code in {404, 410}

    async def test_does_not_overwrite(self, storage: Storage) -> None:
        created, headers = await self.begin(storage, size=5)
        await storage.put()

        response = await self.send(storage, created.headers["location"], headers, 0, b"other")

        assert response.status_code == 409
        assert await storage.files.download(storage.key()) == TEXT
