"""Looks for contradictions between rows, and between rows and stored objects: tests/trust/invariants.sql."""

from pathlib import Path
from typing import LiteralString, cast

from tests.conftest import Ground

_STATEMENT = cast("LiteralString", Path(__file__).with_suffix(".sql").read_text())


class Invariants:
    """What contradicts itself now and did not when the test began: other tests leave their own."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known = self._find()

    def _find(self) -> set[str]:
        rows = self._ground.rows(_STATEMENT)
        return {f"{row['contradiction']} ({row['place']})" for row in rows}

    def broken(self) -> list[str]:
        """Return the new contradictions, each once."""
        found = self._find() - self._known
        self._known |= found
        return sorted(found)
