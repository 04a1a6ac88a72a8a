"""Every error leaves as application/problem+json (RFC 9457); this module alone renders it."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from lib.domain.problems import InvalidRequest, Problem

_MEDIA_TYPE = "application/problem+json"
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class FieldError(BaseModel):
    model_config = ConfigDict(defer_build=True)

    pointer: str = Field(description="A JSON pointer into the request: `#/body/username`.")
    detail: str


class ProblemDetails(BaseModel):
    # For the documents alone, where every route names it: render() writes what it is told.
    model_config = ConfigDict(defer_build=True)

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="`urn:uuid:` and the id of the request.")
    errors: list[FieldError] | None = None
    retry_after_seconds: int | None = None


def instance_of(request_id: uuid.UUID) -> str:
    return f"urn:uuid:{request_id}"


def render(
    document: dict[str, Any], request_id: uuid.UUID, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        {**document, "instance": instance_of(request_id)},
        status_code=document["status"],
        headers=headers,
        media_type=_MEDIA_TYPE,
    )


def describe_status(status: HTTPStatus, detail: str) -> dict[str, Any]:
    """Return the document of a status that says it all (`about:blank`)."""
    return {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}


def _field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Point to each mistake and say what was expected; never echo what was sent."""
    return [
        {"pointer": "#/" + "/".join(str(part) for part in error["loc"]), "detail": error["msg"]}
        for error in errors
    ]


async def _handle_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # nosec B101 # narrows a type
    request.state.problem = error.slug
    document = error.as_dict()
    if error.status is HTTPStatus.UNPROCESSABLE_ENTITY:
        document.setdefault("errors", [{"pointer": error.pointer, "detail": error.message}])
    return render(document, request.state.request_id, error.headers())


async def _handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # nosec B101 # narrows a type
    problem = InvalidRequest(errors=_field_errors(error.errors()))
    return await _handle_problem(request, problem)


async def _handle_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # nosec B101 # narrows a type
    if isinstance(error.__cause__, Problem):  # raised while FastAPI read the body
        return await _handle_problem(request, error.__cause__)
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for a body that is not JSON
        return await _handle_problem(
            request, InvalidRequest("The body of the request cannot be read.")
        )
    status = HTTPStatus(error.status_code)
    document = describe_status(status, f"{status.phrase}. See the documents of this function.")
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return render(document, request.state.request_id, headers)


def _allowed_methods(request: Request) -> list[str]:
    """List what every route of this path allows; Starlette names those of the first alone."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def declare_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Say in an OpenAPI document which media type problems have: FastAPI gives them the route's."""
    for operations in document["paths"].values():
        for operation in operations.values():
            default = operation["responses"]["default"]
            default["content"] = {_MEDIA_TYPE: next(iter(default["content"].values()))}
    return document


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _handle_problem)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)
