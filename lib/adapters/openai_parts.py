"""The parts of the openai package that a question needs: its client, its stream and its errors.

`import openai` brings every model type, and Azure, Bedrock and Vertex: 540 modules, of which these need 50. And it brings
httpx2, which is httpx once more with the same names: it is given ours. See docs/bench/README.md. Imported when the
model is first asked, never with a function.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module

from lib.adapters.deferring import defer


@contextmanager
def _httpx_for_httpx2() -> Generator[None]:
    """Around the import of openai, which takes clients of both: where httpx2 is loaded anyhow, it stays what it is."""
    names = {"httpx2": "httpx", "httpx2._config": "httpx._config"}
    ours = {} if "httpx2" in sys.modules else {n: import_module(of) for n, of in names.items()}
    sys.modules.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del sys.modules[name]


defer("openai")

with _httpx_for_httpx2():
    from openai._client import AsyncOpenAI
    from openai._exceptions import (
        APIConnectionError,
        APIStatusError,
        APITimeoutError,
        OpenAIError,
    )
    from openai._streaming import AsyncStream

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncOpenAI",
    "AsyncStream",
    "OpenAIError",
]
