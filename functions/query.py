"""POST /api/query: a question, answered as JSON or as a stream of server-sent events."""

from lib.web.starting import make_handler

from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import Field

from lib.domain.models import Query
from lib.services import answering, questions
from lib.services.questions import Question
from lib.web.app import create_app
from lib.web.asking import AskingTools
from lib.web.events import EventStream
from lib.web.schemas import CHAT_ID_PATTERN, MAX_ID, Body, Text, Words

app = create_app("query", "Questions on your files, answered with citations that hold.")

_STREAM = {
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "string",
                "description": "start, passages, delta* with citation* between, then done or error.",
            }
        }
    },
    "description": "The query; or, with `Accept: text/event-stream`, the stream of its making.",
}


class QueryRequest(Body):
    query_text: Annotated[Words, Field(max_length=4_000)]
    chat_id: Annotated[str, Field(pattern=CHAT_ID_PATTERN)] | None = None
    file_ids: (
        Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(min_length=1, max_length=200)]
        | None
    ) = Field(None, description="The files to search; all ready files when absent.")


@app.post("/api/query", response_model=Query, responses={200: _STREAM})
async def ask(
    body: QueryRequest,
    request: Request,
    tools: AskingTools,
    idempotency_key: Annotated[Text | None, Header(min_length=1, max_length=255)] = None,
) -> Query | Response:
    """Ask a question. What can fail before the first byte fails as a status, not inside a 200."""
    question = Question(
        user_id=tools.identity.user_id,
        session_id=tools.identity.session_id,
        idempotency_key=idempotency_key,
        **body.model_dump(),
    )
    events = answering.answer(await questions.begin(question, tools), tools)
    if "text/event-stream" in request.headers.get("accept", ""):
        return EventStream(events, request.state.request_id)
    return await answering.collect(events)


handler = make_handler(app)
