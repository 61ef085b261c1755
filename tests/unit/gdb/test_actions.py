"""What packets that let threads run ask for."""

import pytest

from dbt.gdb.actions import Action, Plan, parse, plan
from dbt.gdb.packets import Malformed

THREADS = [1, 2, 3]
NOWHERE = range(0)


@pytest.mark.parametrize(
    ("text", "stopped", "expected"),
    [
        (b"c", 1, Plan(None, NOWHERE, frozenset(), 0)),
        (b"c:p1.-1", 1, Plan(None, NOWHERE, frozenset(), 0)),
        (b"s:p1.2;c", 1, Plan(2, NOWHERE, frozenset(), 0)),
        (b"s:p1.2;c:p1.-1", 3, Plan(2, NOWHERE, frozenset(), 0)),
        (b"s:p1.2", 2, Plan(2, NOWHERE, frozenset({1, 3}), 0)),
        (b"c:1;c:3", 2, Plan(None, NOWHERE, frozenset({2}), 0)),
        (b"r8000,8010:p1.1;c", 1, Plan(1, range(0x8000, 0x8010), frozenset(), 0)),
        (b"s", 2, Plan(2, NOWHERE, frozenset(), 0)),
        (b"C1e:p1.2;c", 2, Plan(None, NOWHERE, frozenset(), 10)),  # SIGUSR1
        (b"S1e:p1.2;c", 2, Plan(2, NOWHERE, frozenset(), 10)),
        (b"C1e:p1.2;c", 1, Plan(None, NOWHERE, frozenset(), 0)),
        (b"C00", 1, Plan(None, NOWHERE, frozenset(), 0)),
    ],
)
def test_plans(text: bytes, stopped: int, expected: Plan) -> None:
    assert plan(parse(text), THREADS, stopped) == expected


def test_the_first_action_for_a_thread_counts() -> None:
    assert plan([Action(2, steps=True), Action(2)], THREADS, 1).step == 2


@pytest.mark.parametrize("text", [b"s:p1.9", b"c:7"])
def test_something_has_to_run(text: bytes) -> None:
    with pytest.raises(Malformed):
        plan(parse(text), THREADS, 1)
