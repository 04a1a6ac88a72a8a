"""What the model endpoint says: one embedding, one answer with a citation, and what such a question costs."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
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
# A question of a real course: eight passages, three turns and the instructions, and a few sentences.
_TYPICAL_PROMPT_TOKENS, _TYPICAL_COMPLETION_TOKENS = 3_500, 300
_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Prices:
    """US dollars for a million tokens: an assumption, to be checked against the provider's page."""

    prompt: float = 0.25
    completion: float = 2.00


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

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def _explain(name: str, model: str, refusal: _Refused) -> Finding:
    told = f"the endpoint answers {refusal.status}."
    if "quota" in refusal.text or refusal.status == HTTPStatus.PAYMENT_REQUIRED:
        return wrong("OPENAI_API_KEY", "its account is out of credit.", "add some there.")
    if refusal.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return wrong("OPENAI_API_KEY", told, "set a key that is good for this very endpoint.")
    if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
        do = f"choose a model that the endpoint has: {refusal.text[:160]}"
        return wrong(name, f"there is no {model!r}, or it takes no such request: {told}", do)
    return wrong("OPENAI_BASE_URL", told, f"ask the provider: {refusal.text[:160]}")


async def _embedding(
    http: httpx.AsyncClient, base: str, headers: dict[str, str], model: str
) -> AsyncIterator[Finding]:
    body = {"model": model, "input": [_QUESTION, "Cat"], "dimensions": EMBEDDING_DIMENSIONS}
    started = time.perf_counter()
    answer = await http.post(f"{base}/embeddings", json=body, headers=headers)
    if answer.is_error:
        raise _Refused(answer.status_code, answer.text)
    seconds = time.perf_counter() - started
    sizes = {len(item["embedding"]) for item in answer.json()["data"]}
    if len(sizes) != 1:
        yield wrong("EMBEDDING_MODEL", "gives vectors of several lengths.", "choose another one.")
        return
    [size] = sizes
    fitted = {True: "cut", False: "padded"}[size > EMBEDDING_DIMENSIONS]
    how = "as stored" if size == EMBEDDING_DIMENSIONS else f"{fitted} to {EMBEDDING_DIMENSIONS}"
    yield ok("EMBEDDING_MODEL", f"{model} gives {size} dimensions, {how}, in {seconds:.2f} s")


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
            raise _Refused(answer.status_code, (await answer.aread()).decode(errors="replace"))
        async for event in _events(answer):
            usage = event.get("usage") or usage
            for choice in event.get("choices", []):
                if text := choice["delta"].get("content"):
                    first = first or time.perf_counter()
                    stream.feed(text)
    stream.finish()
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


def costs(settings: Settings, report: dict[str, Any] | None, prices: Prices) -> list[Finding]:
    """Say what a question costs and what the limits allow, by what was measured or else by assumption."""
    usage = (report or {}).get("usage", {})
    prompt, completion = usage.get("mean_prompt_tokens"), usage.get("mean_completion_tokens")
    source = "the mean of the last answers"
    if not prompt:
        prompt, completion = _TYPICAL_PROMPT_TOKENS, _TYPICAL_COMPLETION_TOKENS
        source = "an assumption until there are answers"
    each = (prompt * prices.prompt + completion * prices.completion) / _MILLION
    tokens = prompt + completion
    most = settings.daily_tokens // tokens
    dearest = settings.daily_tokens * max(prices.prompt, prices.completion) / _MILLION
    assumed = f"at ${prices.prompt:g} and ${prices.completion:g} a million tokens, as assumed"
    return [
        ok(
            "costs",
            f"${each * 1000:.2f} for 1,000 questions of {prompt:.0f} + {completion:.0f} tokens "
            f"({source}), {assumed}",
        ),
        ok(
            "limits",
            f"{settings.daily_queries_per_user} questions a user and {settings.daily_tokens:,} tokens "
            f"in all a day: {most:,.0f} questions, ${most * each:.2f}; never more than ${dearest:.2f}",
        ),
    ]
