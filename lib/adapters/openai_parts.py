"""The parts of the openai package that a question needs: its client, its stream and its errors.

`import openai` brings every model type, and Azure, Bedrock and Vertex: 540 modules, of which these need 50.
See docs/bench/README.md. Imported when the model is first asked, never with a function.
"""

from lib.adapters.deferring import defer

defer("openai")

from openai._client import AsyncOpenAI  # noqa: E402
from openai._exceptions import (  # noqa: E402
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    OpenAIError,
)
from openai._streaming import AsyncStream  # noqa: E402

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncOpenAI",
    "AsyncStream",
    "OpenAIError",
]
