"""What the model endpoint says: one embedding, one answer with a citation, and the account's limits."""

import json
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx

from dev.doctor.findings import Finding, ok, wrong
from lib.adapters.models import EMBEDDING_DIMENSIONS
from lib.domain.citing import CitationStream
from lib.domain.models import Passage
from lib.domain.prompting import build_messages
from lib.settings import Settings

_PASSAGE = (
    "The lamp of the old lighthouse was lit with rape oil until 1872. "
    "It burned 40 litres in a winter night, and could be seen 18 miles out at sea."
)
_QUESTION = "How much oil did the lamp of the old lighthouse burn in a winter night?"
_RATES = "x-ratelimit-limit-"


async def check(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    headers = {"Authorization": f"Bearer {settings.openai_api_key}"}
    base = settings.openai_base_url.rstrip("/")
    findings: list[Finding] = []
    for name, look in (("EMBEDDING_MODEL", _embedding), ("CHAT_MODEL", _chat)):
        model = getattr(settings, name.lower())
        try:
            findings += [finding async for finding in look(http, base, headers, model)]
        except _Refused as refusal:
            findings.append(_explain(name, model, refusal))
        except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
            told = f"{base} does not answer as OpenAI's API does ({type(error).__name__})."
            do = "is the address right? It ends in /v1 with most providers."
            findings.append(wrong("OPENAI_BASE_URL", told, do))
    return findings


class _Refused(Exception):
    """The endpoint answered with an error."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(answer.text)
        self.status, self.text, self.headers = answer.status_code, answer.text, answer.headers


def _explain(name: str, model: str, refusal: _Refused) -> Finding:
    told = f"the endpoint answers {refusal.status}."
    is_often = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
    # Others than OpenAI say quota of a rate, too: there only this code means the account.
    word = "insufficient_quota" if is_often else "quota"
    if refusal.status == HTTPStatus.PAYMENT_REQUIRED or word in refusal.text:
        return wrong("OPENAI_API_KEY", "its account is out of credit.", "add some there.")
    if is_often:
        return _explain_rate(name, model, refusal)
    if refusal.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return wrong("OPENAI_API_KEY", told, "set a key that is good for this very endpoint.")
    if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
        do = f"choose a model that the endpoint has: {refusal.text[:160]}"
        return wrong(name, f"there is no {model!r}, or it takes no such request: {told}", do)
    return wrong("OPENAI_BASE_URL", told, f"ask the provider: {refusal.text[:160]}")


def _explain_rate(name: str, model: str, refusal: _Refused) -> Finding:
    rates = _rates(refusal.headers)
    told = f"a limit of the account is reached{f' ({rates})' if rates else ''}: it answers 429."
    wait = refusal.headers.get("retry-after")
    do = (
        f"wait {f'{wait} s' if wait else 'a minute'} and look again. If it stays so, the quota of {model} "
        f"is used up: raise it, or the account's tier. {refusal.text[:160]}"
    )
    return wrong(f"rate of {name}", told, do)


def _rates(headers: httpx.Headers) -> str:
    """Return what the endpoint says of the account's limits: `500 requests, 30000 tokens`."""
    found = {n.removeprefix(_RATES): v for n, v in headers.items() if n.startswith(_RATES)}
    return ", ".join(f"{value} {what}" for what, value in sorted(found.items()))


def _rate(name: str, headers: httpx.Headers) -> list[Finding]:
    if rates := _rates(headers):
        told = f"the account may send {rates} at a time, with most providers a minute"
        return [ok(f"rate of {name}", told)]
    return []


async def _embedding(
    http: httpx.AsyncClient, base: str, headers: dict[str, str], model: str
) -> AsyncIterator[Finding]:
    body = {"model": model, "input": [_QUESTION, "Cat"], "dimensions": EMBEDDING_DIMENSIONS}
    started = time.perf_counter()
    answer = await http.post(f"{base}/embeddings", json=body, headers=headers)
    if answer.is_error:
        raise _Refused(answer)
    seconds = time.perf_counter() - started
    sizes = {len(item["embedding"]) for item in answer.json()["data"]}
    if len(sizes) != 1:
        yield wrong("EMBEDDING_MODEL", "gives vectors of several lengths.", "choose another one.")
        return
    [size] = sizes
    fitted = {True: "cut", False: "padded"}[size > EMBEDDING_DIMENSIONS]
    how = "as stored" if size == EMBEDDING_DIMENSIONS else f"{fitted} to {EMBEDDING_DIMENSIONS}"
    yield ok("EMBEDDING_MODEL", f"{model} gives {size} dimensions, {how}, in {seconds:.2f} s")
    for finding in _rate("EMBEDDING_MODEL", answer.headers):
        yield finding


async def _chat(
    http: httpx.AsyncClient, base: str, headers: dict[str, str], model: str
) -> AsyncIterator[Finding]:
    passage = Passage(
        rank=1, file_id=1, filename="lighthouse.txt", page=1, start=0, text=_PASSAGE, score=1
    )
    body: dict[str, Any] = {
        "model": model,
        "messages": build_messages(question=_QUESTION, passages=[passage], turns=[], nonce="d0c"),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 1_500,
    }
    started, first, usage = time.perf_counter(), 0.0, None
    stream = CitationStream([passage])
    async with http.stream(
        "POST", f"{base}/chat/completions", json=body, headers=headers
    ) as answer:
        if answer.is_error:
            await answer.aread()
            raise _Refused(answer)
        async for event in _events(answer):
            usage = event.get("usage") or usage
            for choice in event.get("choices", []):
                if text := choice["delta"].get("content"):
                    first = first or time.perf_counter()
                    stream.feed(text)
    stream.finish()
    for finding in _rate("CHAT_MODEL", answer.headers):
        yield finding
    if usage is None:
        do = "choose an endpoint that honours stream_options.include_usage; until then we estimate."
        yield wrong("CHAT_MODEL", "does not tell what an answer costs.", do)
    if not stream.citations:
        do = "choose a model that follows instructions; without citations no answer counts."
        yield wrong("CHAT_MODEL", f"{model} answered without a citation that holds.", do)
        return
    yield ok(
        "CHAT_MODEL", f"{model} answers with citations that hold, after {first - started:.2f} s"
    )


async def _events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data != "[DONE]":
            yield json.loads(data)
