"""What every attack has in common: rounds that are drawn from a seed, and findings.

An attack is a module with ``NAME`` and ``run(plan) -> Report``. A round is repeated by its number
and the seed, whatever was run before it.
"""

import time

import attrs

TRACES = (b"Traceback (most recent call last)", b"internal error", b"Fatal Python error")
"""What standard error shows of a fault of armdbt itself."""


@attrs.frozen
class Finding:
    """One thing that must not happen: the round that shows it, and how it looks."""

    round: int
    what: str
    details: str = ""


@attrs.frozen
class Report:
    """What an attack has done."""

    rounds: int
    findings: list[Finding]


@attrs.frozen
class Plan:
    """How much is to be attacked: until ``seconds`` have passed (when given), at most ``rounds``
    rounds (when given) from ``first`` on."""

    seed: int
    seconds: float | None = None
    rounds: int | None = None
    first: int = 0
    start: float = attrs.field(factory=time.monotonic)

    def over(self, done: int) -> bool:
        """Whether no more rounds are to be begun when ``done`` have been."""
        if self.rounds is not None and done >= self.rounds:
            return True
        return self.seconds is not None and time.monotonic() - self.start >= self.seconds


def trace_in(stderr: bytes) -> bool:
    """Whether standard error shows a fault of armdbt."""
    return any(text in stderr for text in TRACES)
