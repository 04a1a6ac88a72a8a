"""What a built page may reach, by the policy that stands in it (web/build/policy.ts)."""

import html
import re

# What stands in a page that was not told its storage.
NOWHERE = "https://storage.invalid"

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_REACHED = re.compile(r"connect-src ([^;]*)")


def reached_by(page: str) -> list[str]:
    """Return the origins that a page may reach beside its own; none where it is no page of ours."""
    policy = _POLICY.search(page)
    reached = policy and _REACHED.search(html.unescape(policy[1]))
    return [each for each in reached[1].split() if each != "'self'"] if reached else []
