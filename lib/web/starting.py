"""A quick start: every function imports this module before all others, and ends with `make_handler`.

Whoever comes first waits for every import. What each of these lines saves is in docs/bench/README.md.
"""

import gc
import sys
from collections.abc import Iterable
from typing import Any

from lib.adapters.deferring import deferred_models

# What imports make stays: there is no garbage among it, and it is a lot to look through.
gc.disable()
# FastAPI asks of each parameter whether it is a model of pydantic 1, and would import that to see. There is none.
sys.modules.setdefault("pydantic.v1", None)  # pyright: ignore[reportArgumentType] - documented for sys.modules

# Forty of FastAPI's models are there for openapi.json alone.
with deferred_models():
    import fastapi
    from mangum import Mangum


def make_handler(app: fastapi.FastAPI, custom_handlers: Iterable[Any] = ()) -> Mangum:
    """Return what Lambda calls, and end the start: what is there by now counts as no garbage."""
    handler = Mangum(app, lifespan="off", custom_handlers=list(custom_handlers))
    if sys.modules.get("pydantic.v1") is None:
        sys.modules.pop("pydantic.v1", None)
    gc.freeze()
    gc.enable()
    return handler
