"""The tests can fail: faults planted on purpose are noticed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trust.planted_faults import (
    apply,
    copy_of_tree,
    find_unsound,
    plant_all,
    read_faults,
)
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("A fault that is planted is caught")

# Those whose tests are quick: the short form plants no others.
_QUICK = ["citations-unchecked"]


def test_every_fault_can_be_planted(promise: Promise):
    with copy_of_tree() as copy:
        for fault in read_faults():
            apply(fault, copy, "--check")
            suite = Path(fault.suite.partition("::")[0])
            promise.check(suite.is_file(), f"{fault.name}: {suite} is there")


@pytest.mark.alone
def test_every_fault_is_caught(promise: Promise, size: Callable[..., int]):
    faults = read_faults()
    chosen = faults if size(full=1, short=0) else [f for f in faults if f.name in _QUICK]
    # A suite that fails anyway notices nothing; to see that takes as long again.
    unsound = find_unsound(chosen) if size(full=1, short=0) else {}
    for outcome in plant_all(chosen):
        trouble = unsound.get(outcome.fault.suite, outcome.trouble)
        promise.check(not trouble, f"{outcome.fault.name}: {trouble}")
