"""The workflow does what the Makefile does, with actions that cannot change under it."""

import re

from dev.processes import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text()


def test_every_step_is_a_make_target() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    steps = re.findall(r"- run: (.*)", WORKFLOW)

    called = [re.fullmatch(r"make ([a-z0-9-]+)(?: [A-Z]+=\w+)?", step) for step in steps]
    assert steps
    assert {call[1] if call else None for call in called} <= targets


def test_every_action_is_pinned_to_a_commit() -> None:
    actions = re.findall(r"uses: (.*)", WORKFLOW)

    assert actions
    assert [a for a in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", a)] == []


def test_may_only_read_and_keeps_no_credentials() -> None:
    checkouts = WORKFLOW.count("actions/checkout@")

    assert "\npermissions:\n  contents: read\n" in WORKFLOW
    assert not re.search(r": write|secrets\.|pull_request_target", WORKFLOW)
    assert WORKFLOW.count("persist-credentials: false") == checkouts
