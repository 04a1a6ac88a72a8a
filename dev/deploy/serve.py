"""What run.sh starts in a zip: uvicorn for one function, by its parts.

The package itself would import its command line, click with it, and what watches over several processes: memory and
time of every cold start (docs/bench/README.md).
"""

import lib.web.starting  # noqa: F401 - before all others

import os

from lib.adapters.deferring import defer

defer("uvicorn")

import uvicorn  # noqa: E402
from uvicorn.config import Config  # noqa: E402
from uvicorn.server import Server  # noqa: E402

# One of its own modules looks for it there (uvicorn/lifespan/off.py), and would have the package run.
uvicorn.Config = Config


def main() -> None:
    """Serve LECTERN_APP until the process is ended, to nobody but the adapter."""
    config = Config(
        os.environ["LECTERN_APP"],
        host="127.0.0.1",
        port=int(os.environ["AWS_LWA_PORT"]),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,  # warnings go to stderr as they are
        log_level="warning",
        access_log=False,
        proxy_headers=False,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
