"""The Storage server: /storage/v1 on a port of its own, behind the Supabase origin."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from dev.storage import buckets, errors, objects, resumable, routes
from dev.storage.access import StorageKeys
from dev.storage.uploads import UploadStore

# The hosted service's own limit; a bucket may have a lower one.
_SIZE_LIMIT = 50 * 1024 * 1024

_EXPOSED_HEADERS = [
    *("Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag"),
    *resumable.EXPOSED_HEADERS,
]


async def _status(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def create_app(dsn: str, directory: Path, keys: StorageKeys) -> Starlette:
    """Return a Storage server that keeps its bytes under `directory`."""
    store = objects.ObjectStore(dsn, directory, _SIZE_LIMIT)
    uploads = UploadStore(directory / "uploads")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.store, app.state.uploads, app.state.keys = store, uploads, keys
        uploads.sweep()
        yield

    storage = [*buckets.ROUTES, *routes.ROUTES, *resumable.ROUTES]
    return Starlette(
        routes=[Route("/status", _status), Mount("/storage/v1", routes=storage)],
        lifespan=lifespan,
        exception_handlers={errors.StorageError: errors.render},
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=_EXPOSED_HEADERS,
                max_age=3600,
            )
        ],
    )


def app_from_environment() -> Starlette:
    """Return the server that dev.stack describes in the environment."""
    keys = StorageKeys(**json.loads(os.environ["STORAGE_KEYS"]))
    directory = Path(os.environ["STORAGE_DIRECTORY"])
    return create_app(os.environ["STORAGE_DSN"], directory, keys)
