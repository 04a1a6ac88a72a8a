"""The model server speaks OpenAI's protocol: its own client library understands it."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import numpy as np
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from dev import models

pytestmark = pytest.mark.anyio

QUESTION = """<passages id="4f1c09ab">
<passage-4f1c09ab n="1" file="optics.pdf" page="3">
A ray entering glass bends towards the normal. The frequency of the light stays the same.
</passage-4f1c09ab>
</passages>
<question-4f1c09ab>
Where does a ray bend when entering glass?
</question-4f1c09ab>"""
MESSAGES: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Cite the passages."},
    {"role": "user", "content": QUESTION},
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[openai.AsyncOpenAI]:
    monkeypatch.setenv("WORD_DELAY_MS", "0")
    transport = httpx.ASGITransport(models.create_app())
    async with httpx.AsyncClient(transport=transport) as http:
        # The library names the type of its own copy of httpx; any client of that shape will do.
        yield openai.AsyncOpenAI(
            base_url="http://models/v1", api_key="any", http_client=cast("Any", http)
        )


class TestEmbeddings:
    async def test_are_normalised_and_of_256_dimensions(self, client: openai.AsyncOpenAI) -> None:
        texts = ["A ray of light.", "Mitochondria.", "x" * 5_000]

        answer = await client.embeddings.create(model=models.EMBEDDING_MODEL, input=texts)

        vectors = np.array([row.embedding for row in answer.data])
        assert vectors.shape == (3, 256)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    @pytest.mark.parametrize(("asked", "given"), [(64, 64), (256, 256), (512, 256)])
    async def test_have_at_most_the_dimensions_asked_for(
        self, client: openai.AsyncOpenAI, asked: int, given: int
    ) -> None:
        answer = await client.embeddings.create(
            model=models.EMBEDDING_MODEL, input="light", dimensions=asked
        )

        vector = answer.data[0].embedding
        assert len(vector) == given
        assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)

    async def test_are_the_same_packed_or_not(self, client: openai.AsyncOpenAI) -> None:
        packed = await client.embeddings.create(model=models.EMBEDDING_MODEL, input="light")
        plain = await client.embeddings.create(
            model=models.EMBEDDING_MODEL, input="light", encoding_format="float"
        )

        assert np.allclose(packed.data[0].embedding, plain.data[0].embedding, atol=1e-6)

    async def test_are_close_where_the_meaning_is(self, client: openai.AsyncOpenAI) -> None:
        texts = ["The cell makes energy.", "Energy is made in cells.", "Paris is in France."]

        answer = await client.embeddings.create(model=models.EMBEDDING_MODEL, input=texts)

        first, near, far = (np.array(row.embedding) for row in answer.data)
        assert first @ near > first @ far + 0.3

    async def test_of_an_empty_text_are_refused(self, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.BadRequestError) as refusal:
            await client.embeddings.create(model=models.EMBEDDING_MODEL, input=["a", ""])

        assert refusal.value.param == "input"

    async def test_of_another_model_are_refused(self, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.NotFoundError):
            await client.embeddings.create(model="text-embedding-3-small", input="a")


class TestChat:
    async def test_answers_from_the_passages(self, client: openai.AsyncOpenAI) -> None:
        answer = await client.chat.completions.create(model=models.CHAT_MODEL, messages=MESSAGES)

        assert '<cite passage="1">' in (answer.choices[0].message.content or "")
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage is not None
        assert answer.usage.total_tokens > answer.usage.prompt_tokens > 0

    async def test_streams_the_same_answer_in_words(self, client: openai.AsyncOpenAI) -> None:
        whole = await client.chat.completions.create(model=models.CHAT_MODEL, messages=MESSAGES)
        stream = await client.chat.completions.create(
            model=models.CHAT_MODEL,
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )

        chunks = [chunk async for chunk in stream]

        deltas = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        assert "".join(deltas) == whole.choices[0].message.content
        assert len(deltas) > 5
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
        assert chunks[-1].usage == whole.usage

    async def test_says_that_it_is_no_language_model(self, client: openai.AsyncOpenAI) -> None:
        listed = await client.models.list()
        answer = await client.chat.completions.create(model=models.CHAT_MODEL, messages=MESSAGES)

        assert [model.id for model in listed.data] == [models.CHAT_MODEL, models.EMBEDDING_MODEL]
        assert {model.owned_by for model in listed.data} == {"lectern (not a language model)"}
        assert answer.system_fingerprint == "not-a-language-model"

    async def test_refuses_a_request_without_messages(self, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.BadRequestError) as refusal:
            await client.chat.completions.create(model=models.CHAT_MODEL, messages=[])

        assert refusal.value.param == "messages"
