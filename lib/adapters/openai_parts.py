"""The parts of the openai package that a question needs: its client, its stream and its errors.

`import openai` brings every model type, and Azure, Bedrock and Vertex: 540 modules, of which these need 50. And it brings
httpx2, which is httpx once more with the same names: it is given ours. See docs/bench/README.md. Imported when the
model is first asked, never with a function.
"""

from importlib import import_module

from lib.adapters.deferring import defer, standing_in

defer("openai")

# It takes clients of both.
_HTTPX2 = {
    name: import_module(name.replace("httpx2", "httpx")) for name in ("httpx2", "httpx2._config")
}

with standing_in(_HTTPX2):
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
