"""Past our functions: the storage itself, and signed URLs that are turned to other ends."""

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from dev.stack import Stack
from tests.conftest import TLS, Ground, wait_until
from tests.trust.credentials import forge
from tests.trust.holdings import Holdings, fingerprint
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("The storage gives nobody another's bytes")

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def storage(stack: Stack) -> Iterator[httpx.Client]:
    url = f"{stack.supabase_url}/storage/v1"
    with httpx.Client(base_url=url, timeout=30, verify=TLS) as client:
        yield client


def callers(stack: Stack, victim: Holdings, attacker: Holdings) -> dict[str, dict[str, str]]:
    now = int(time.time())
    mine = {"role": "authenticated", "sub": str(attacker.student.id), "exp": now + 60}
    theirs = {**mine, "sub": str(victim.student.id)}
    service = {"role": "service_role", "exp": now + 60}
    key = {"apikey": stack.publishable_key}

    def bearer(token: str) -> dict[str, str]:
        return {**key, "Authorization": f"Bearer {token}"}

    def without(claim: str) -> dict[str, Any]:
        return {name: value for name, value in mine.items() if name != claim}

    return {
        "nothing": {},
        "the publishable key": key,
        "a made-up secret key": {"apikey": "sb_secret_" + "x" * 32},
        "one's own token": bearer(jwt.encode(mine, stack.jwt_secret)),
        "one's own token without exp": bearer(jwt.encode(without("exp"), stack.jwt_secret)),
        "one's own token without sub": bearer(jwt.encode(without("sub"), stack.jwt_secret)),
        "the victim's token": bearer(jwt.encode(theirs, stack.jwt_secret)),
        "the victim's, expired": bearer(jwt.encode({**theirs, "exp": now - 31}, stack.jwt_secret)),
        "the victim's, wrong key": bearer(jwt.encode(theirs, "w" * 40)),
        "the victim's, alg none": bearer(forge({"alg": "none"}, theirs, None)),
        "service_role, wrong key": bearer(jwt.encode(service, "w" * 40)),
        "service_role, alg none": bearer(forge({"alg": "none"}, service, None)),
        "the access token": bearer(victim.student.client.headers["Authorization"][7:]),
    }


def metadata_of(path: str) -> str:
    """Say where an upload goes, as TUS does."""
    members = {"bucketName": "files", "objectName": path}
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in members.items())


def attempts(path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Return every way that the local storage has to read, list, sign, replace, add or delete."""
    folder = path.partition("/")[0]
    begun = {"Upload-Length": "3", "Upload-Metadata": metadata_of(path), **TUS}
    ways: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/object/files/{path}", {}),
        ("GET", f"/object/authenticated/files/{path}", {}),
        ("GET", f"/object/info/files/{path}", {}),
        ("HEAD", f"/object/files/{path}", {}),
        ("HEAD", f"/object/authenticated/files/{path}", {}),
        ("POST", "/object/list/files", {"json": {"prefix": ""}}),
        ("POST", "/object/list/files", {"json": {"prefix": folder}}),
        ("POST", f"/object/sign/files/{path}", {"json": {"expiresIn": 60}}),
        ("POST", f"/object/upload/sign/files/{path}", {"json": {}}),
        ("POST", f"/object/upload/sign/files/{folder}/new", {"json": {}}),
        ("PUT", f"/object/files/{path}", {"content": b"replaced"}),
        ("POST", f"/object/files/{folder}/new", {"content": b"added"}),
        ("DELETE", "/object/files", {"json": {"prefixes": [path]}}),
        ("POST", "/upload/resumable", {"headers": begun}),
        ("POST", "/upload/resumable/sign", {"headers": begun | {"x-signature": "x"}}),
        ("PUT", f"/object/upload/sign/files/{path}", {"content": b"replaced"}),
        ("GET", f"/object/sign/files/{path}", {}),
    ]
    return [
        {"method": method, "url": url, **more, "headers": {**headers, **more.get("headers", {})}}
        for method, url, more in ways
    ]


def test_the_secret_key_opens_it(
    promise: Promise, residents: tuple[Holdings, Holdings], stack: Stack, storage: httpx.Client
):
    """Or what is refused to others would be refused for how it was asked."""
    owner, key = residents[1].student, {"apikey": stack.secret_key}
    path, content = f"{owner.id}/thrown-away", {"Content-Type": "text/plain"}
    storage.post(f"/object/files/{path}", content=b"x", headers=key | content).raise_for_status()

    # What no key opens, for want of a token of its own; and what is there already is signed for nobody.
    needs_more = {
        ("PUT", f"/object/upload/sign/files/{path}"),
        ("GET", f"/object/sign/files/{path}"),
        ("POST", "/upload/resumable/sign"),
        ("POST", f"/object/upload/sign/files/{path}"),
    }

    for attempt in attempts(path, key | content):
        method, url = attempt["method"], attempt["url"]
        if (method, url) not in needs_more:
            answer = storage.request(**attempt)
            case = f"{method} {url}: {answer.status_code} {answer.text:.80}"
            promise.check(answer.is_success, case)
    gone = {"prefixes": [path, f"{owner.id}/new"]}
    storage.request("DELETE", "/object/files", json=gone, headers=key).raise_for_status()


def path_of(ground: Ground, holdings: Holdings) -> str:
    return ground.path_of(holdings.ids["file_id"])


def test_no_key_but_the_secret_one_opens_it(
    ground: Ground,
    promise: Promise,
    residents: tuple[Holdings, Holdings],
    stack: Stack,
    storage: httpx.Client,
):
    victim, attacker = residents
    before, path = fingerprint(ground), path_of(ground, victim)

    for name, headers in callers(stack, victim, attacker).items():
        for attempt in attempts(path, headers):
            answer = storage.request(**attempt)
            is_empty = answer.is_success and answer.json() == []
            case = f"{attempt['method']} {attempt['url']} with {name}: {answer.text:.80}"
            promise.check(answer.is_client_error or is_empty, case)

    promise.check(fingerprint(ground) == before, "nothing was changed")
    kept = victim.student.client.get(f"/api/upload/{victim.ids['file_id']}/content?as=url").json()
    promise.check(victim.canary in httpx.get(kept["url"], verify=TLS).text, "the bytes are there")


class SignedUrls:
    """What the attacker may have: URLs for an upload and a download of their own."""

    def __init__(self, attacker: Holdings) -> None:
        client = attacker.student.client
        body = {"filename": "next.md", "size_bytes": 4}
        signed = client.post("/api/upload/signed", json=body).json()
        self.file_id = signed["file"]["id"]
        self.upload = httpx.URL(signed["upload"]["url"])
        resumable = signed["upload"]["resumable"]
        self.resumable, self.resumable_headers = resumable["url"], resumable["headers"] | TUS
        content = client.get(f"/api/upload/{attacker.ids['file_id']}/content?as=url").json()
        self.download = httpx.URL(content["url"])


def put(url: httpx.URL, content: bytes = b"mine") -> httpx.Response:
    return httpx.put(url, content=content, headers={"Content-Type": "text/markdown"}, verify=TLS)


def aimed(url: httpx.URL, path: str, scope: str) -> httpx.URL:
    """Turn a signed URL to another path or another action, with the token it has."""
    return url.copy_with(
        raw_path=f"/storage/v1/object/{scope}/files/{path}?{url.query.decode()}".encode()
    )


def misuses(
    urls: SignedUrls, new: str, mine: str, theirs: str
) -> Iterator[tuple[str, httpx.Response]]:
    """Yield each way to get more out of a signed URL, and what came of it."""
    up, down = "upload/sign", "sign"
    tampered = urls.upload.copy_set_param("token", urls.upload.params["token"][:-2] + "xx")
    yield "a token that was changed", put(tampered)
    yield "no token", put(urls.upload.copy_with(query=None))
    for path in (theirs, mine, f"{new}x", f"{new}/", new.partition("/")[0]):
        yield f"upload to {path}", put(aimed(urls.upload, path, up))
    for path in (theirs, f"{mine}x"):
        yield f"download of {path}", httpx.get(aimed(urls.download, path, down), verify=TLS)
    climbs = (f"{new}/../../{theirs}", f"{new}/%2e%2e/%2e%2e/{theirs}", f"..%2f{theirs}")
    for path in climbs:
        yield f"upload to {path}", put(aimed(urls.upload, path, up))
        yield f"download of {path}", httpx.get(aimed(urls.download, path, down), verify=TLS)
    for path in (new, mine, theirs):
        yield f"a download's token to upload {path}", put(aimed(urls.download, path, up))
        answer = httpx.get(aimed(urls.upload, path, down), verify=TLS)
        yield f"an upload's token to download {path}", answer


def test_a_signed_url_is_good_for_one_path_and_one_action(
    ground: Ground, promise: Promise, residents: tuple[Holdings, Holdings]
):
    victim, attacker = residents
    urls = SignedUrls(attacker)
    paths = ground.path_of(urls.file_id), path_of(ground, attacker), path_of(ground, victim)
    before = fingerprint(ground)

    for case, answer in misuses(urls, *paths):
        promise.check(answer.is_error and victim.canary not in answer.text, case)

    promise.check(fingerprint(ground) == before, "nothing was changed")
    attacker.student.client.delete(f"/api/upload/{urls.file_id}").raise_for_status()


def take_part(
    storage: httpx.Client, upload: str, headers: dict[str, str]
) -> Iterator[tuple[str, httpx.Response]]:
    """Ask after an upload that is under way, go on with it, and give it up."""
    moved = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "2"}
    yield "asked after", storage.head(upload, headers=headers)
    yield "continued", storage.patch(upload, content=b"st", headers=headers | moved)
    yield "given up", storage.delete(upload, headers=headers)


def test_an_upload_under_way_is_its_owners(
    promise: Promise, residents: tuple[Holdings, Holdings], storage: httpx.Client
):
    """Its address tells where it goes, and may be seen; what opens it is the signature."""
    theirs, mine = map(SignedUrls, residents)
    sent = theirs.resumable_headers | {"Content-Type": "application/offset+octet-stream"}
    begun = storage.post(theirs.resumable, headers=sent | {"Upload-Length": "4"}, content=b"my")
    upload, signature = begun.headers["Location"], theirs.resumable_headers["x-signature"]
    keys = {
        "another's signature": mine.resumable_headers["x-signature"],
        "the token of a download": mine.download.params["token"],
        "a changed signature": f"{signature[:-2]}xx",
        "no signature": "",
    }

    for name, key in keys.items():
        headers = TUS | ({"x-signature": key} if key else {})
        for case, answer in take_part(storage, upload, headers):
            promise.check(answer.is_client_error, f"{case} with {name}: {answer.status_code}")
    other = theirs.resumable_headers | {"x-signature": mine.resumable_headers["x-signature"]}
    answer = storage.post(theirs.resumable, headers=other | {"Upload-Length": "4"})
    promise.check(answer.is_client_error, f"begun with another's signature: {answer.text}")

    answers = [answer for _, answer in take_part(storage, upload, TUS | {"x-signature": signature})]
    promise.check(answers[0].headers["Upload-Offset"] == "2", "nothing was added")
    promise.check(answers[1].is_success, f"its owner goes on: {answers[1].text}")
    for user, urls in zip(residents, (theirs, mine), strict=True):
        user.student.client.delete(f"/api/upload/{urls.file_id}").raise_for_status()


def test_a_signed_upload_is_taken_once(promise: Promise, residents: tuple[Holdings, Holdings]):
    attacker = residents[1]
    urls = SignedUrls(attacker)
    upsert = {"Content-Type": "text/markdown", "x-upsert": "true"}

    assert put(urls.upload).is_success
    promise.check(put(urls.upload, b"more").is_error, "a second upload")
    answer = httpx.put(urls.upload, content=b"more", headers=upsert, verify=TLS)
    promise.check(answer.is_error, "a second upload that says upsert")
    attacker.student.client.delete(f"/api/upload/{urls.file_id}").raise_for_status()


def test_a_signed_url_expires(
    ground: Ground, residents: tuple[Holdings, Holdings], stack: Stack, storage: httpx.Client
):
    path = path_of(ground, residents[0])
    key = {"apikey": stack.secret_key}
    signed = storage.post(f"/object/sign/files/{path}", json={"expiresIn": 1}, headers=key).json()
    assert storage.get(signed["signedURL"]).is_success

    wait_until(lambda: storage.get(signed["signedURL"]).is_error, "the URL expired")
