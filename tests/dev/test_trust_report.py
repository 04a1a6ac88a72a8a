"""The table of the tests of trust, put together from what several processes found."""

from tests.trust.report import Ledger, Promise


def found_by_a_worker(*mebibytes: float) -> Ledger:
    ledger = Ledger()
    promise = Promise(ledger.score("No file hurts"))
    for value in mebibytes:
        promise.check(value < 600, f"{value} MiB")
        promise.peak("MiB of a reader", value)
    return ledger


def test_the_most_of_all_workers_is_shown_whoever_ends_last() -> None:
    together = Ledger()

    for worker in (found_by_a_worker(200, 563, 302), found_by_a_worker(601, 90), Ledger()):
        together.add(worker.as_plain())

    assert together.render()[1:3] == [
        "No file hurts        5         1",
        "    MiB of a reader, at most: 601",
    ]
    assert found_by_a_worker(200, 563, 302).score("No file hurts").peaks == {"MiB of a reader": 563}
