"""Every fault of every dependency, and each of them at each call of an operation."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.trust import misbehaving
from tests.trust.misbehaving import Call, Fault, Proxy, refuse, refuse_as_model, refuse_as_storage


@dataclass(frozen=True)
class Trouble:
    """A fault.

    Attributes:
        fault: What happens to the call; none where it does not even get a connection.
        passes: Nothing was done, so that trying again must help.
        is_done: What was asked for is done nevertheless; only the answer is no good.
    """

    name: str
    fault: Fault | None
    passes: bool = False
    is_done: bool = False


BROKEN = [
    Trouble("refused", None),
    Trouble("reset", misbehaving.reset),
    Trouble("reply lost", misbehaving.lose_reply, is_done=True),
    Trouble("answer truncated", misbehaving.truncate, is_done=True),
    Trouble("reset in mid-answer", misbehaving.reset_midway, is_done=True),
    Trouble("no answer", misbehaving.be_silent),
    Trouble("drip", misbehaving.drip),
    Trouble("HTML with 200", misbehaving.html),
    Trouble("cut JSON with 200", misbehaving.cut_json, is_done=True),
    Trouble("502 of a gateway", misbehaving.answer(502, "<h1>Bad gateway</h1>", "text/html")),
]
TROUBLES: dict[str, list[Trouble]] = {
    "database": [
        *BROKEN,
        Trouble("503 PGRST002", refuse(503, "PGRST002"), passes=True),
        Trouble("504 PGRST003", refuse(504, "PGRST003"), passes=True),
        Trouble("500 40001", refuse(500, "40001"), passes=True),
        Trouble("401 PGRST303", refuse(401, "PGRST303"), passes=True),
        Trouble("500 57014", refuse(500, "57014")),
    ],
    "storage": [
        *BROKEN,
        Trouble("429 SlowDown", refuse_as_storage(429, "SlowDown"), passes=True),
        Trouble("544 DatabaseTimeout", refuse_as_storage(544, "DatabaseTimeout"), passes=True),
        Trouble("423 ResourceLocked", refuse_as_storage(423, "ResourceLocked"), passes=True),
        Trouble("500 InternalError", refuse_as_storage(500, "InternalError")),
        Trouble("404 NoSuchBucket", refuse_as_storage(404, "NoSuchBucket")),
    ],
    "model": [
        *BROKEN,
        Trouble("503", refuse_as_model(503, "server_is_overloaded"), passes=True),
        Trouble("429", refuse_as_model(429, "rate_limit_exceeded"), passes=True),
        Trouble("429 for money", refuse_as_model(429, "insufficient_quota")),
        Trouble("400", refuse_as_model(400, "invalid_request_error")),
    ],
}


@dataclass(frozen=True)
class Case:
    """One fault at one call of a scenario, once or for ever."""

    ordinal: int
    call: Call
    trouble: Trouble
    is_lasting: bool

    def __str__(self) -> str:
        how_long = "for ever" if self.is_lasting else "once"
        path = self.call.path.partition("?")[0]
        return f"{self.trouble.name} {how_long} at {self.call.method} {path}"

    @property
    def must_pass(self) -> bool:
        """Whether trying again must have helped."""
        return self.trouble.passes and not self.is_lasting

    def meets(self, ordinal: int, call: Call) -> bool:
        # No dependency fails in the words of another, whatever else is called this time.
        is_its_turn = ordinal >= self.ordinal if self.is_lasting else ordinal == self.ordinal
        return is_its_turn and call.dependency == self.call.dependency

    def arm(self, proxy: Proxy) -> None:
        if self.trouble.fault:
            proxy.arm(self.trouble.fault, self.meets)
        else:
            proxy.refuse_from(self.ordinal, self.call.dependency)

    def met_by(self, calls: list[Call], undisturbed: list[Call]) -> list[tuple[int, Call]]:
        """Return the calls that met the fault, with their ordinals; of those that got no connection, what is missing."""
        if self.trouble.fault:
            return [
                (ordinal, call) for ordinal, call in enumerate(calls) if self.meets(ordinal, call)
            ]
        came_by, usual = Counter(call.name for call in calls), Counter[str]()
        missing: list[tuple[int, Call]] = []
        for ordinal, call in enumerate(undisturbed):
            usual[call.name] += 1
            if self.meets(ordinal, call) and usual[call.name] > came_by[call.name]:
                missing.append((ordinal, call))
        return missing


def cases_of(calls: list[Call]) -> Iterator[Case]:
    for ordinal, call in enumerate(calls):
        for trouble in TROUBLES[call.dependency]:
            # Who is not there for one call, is not there for those after it: nobody sees what is not connected.
            if trouble.fault:
                yield Case(ordinal, call, trouble, is_lasting=False)
            yield Case(ordinal, call, trouble, is_lasting=True)
