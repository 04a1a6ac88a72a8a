"""Which function or file answers a path, by the routes of a built output.

It knows the routes that our configuration is built into and refuses every other: what a later CLI
makes of it must not be taken for something else.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.vercel.output import Bundle, Output

_KNOWN = {"src", "headers", "continue", "dest", "check", "destination", "transforms", "handle"}
_PHASES = ("", "filesystem", "rewrite")


class UnknownRoute(Exception):
    """The output holds a route of a kind that is not imitated here; the message shows it."""


@dataclass
class Routed:
    """Who answers, under which path, and the headers that the configuration adds."""

    path: str
    target: Bundle | Path | None = None
    headers: dict[str, str] = field(default_factory=dict)


def _fill(template: str, match: re.Match[str]) -> str:
    return re.sub(r"\$(\d+)", lambda number: match[int(number[1])] or "", template)


class Router:
    """The routes of one output tree, in the phases in which the platform tries them."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._services = {name: Router(service) for name, service in output.services.items()}
        self._phases: dict[str, list[dict[str, Any]]] = {phase: [] for phase in _PHASES}
        phase = ""
        for route in output.routes:
            if set(route) - _KNOWN or route.get("handle", "") not in _PHASES:
                raise UnknownRoute(str(route))
            if "handle" in route:
                phase = route["handle"]
            else:
                self._phases[phase].append(route)

    def route(self, path: str) -> Routed:
        """Return who answers `path`; a `target` of None means that nobody does."""
        routed = Routed(path)
        for phase in _PHASES:
            if phase == "filesystem" and (target := self._output.find(path)):
                routed.target = target
                return routed
            for route in self._phases[phase]:
                if self._is_settled_by(route, path, routed):
                    return routed
        return routed

    def _is_settled_by(self, route: dict[str, Any], path: str, routed: Routed) -> bool:
        """Apply a route where it matches; return whether it found who answers."""
        match = re.match(f"^(?:{route['src']})$", path)
        if not match:
            return False
        routed.headers |= route.get("headers", {})
        for transform in route.get("transforms", []):
            if (transform["type"], transform["op"]) != ("request.path", "set"):
                raise UnknownRoute(str(route))
            routed.path = _fill(transform["args"], match)
        if "destination" in route:
            # The service receives the original path, and adds its headers to ours.
            found = self._services[route["destination"]["service"]].route(path)
            routed.path, routed.target = found.path, found.target
            routed.headers |= found.headers
            return True
        if "dest" in route:
            routed.target = self._output.find(_fill(route["dest"], match))
        return routed.target is not None
