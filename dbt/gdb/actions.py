"""What a debugger wants threads to do: packets ``vCont``, ``c``, ``C``, ``s`` and ``S``."""

from collections.abc import Iterable, Sequence

from dbt.classes import attrs
from dbt.gdb import threads
from dbt.gdb.packets import Malformed, number, numbers
from dbt.gdb.signal_numbers import from_gdb

KINDS = b"vCont;c;C;s;S;r"
"""The answer to ``vCont?``."""


@attrs.frozen
class Action:
    """What some threads do. ``steps``: one instruction, and more while the pc is in ``within``.
    ``signal`` is one of Linux; 0: none."""

    thread: int
    signal: int = 0
    steps: bool = False
    within: range = range(0)


@attrs.frozen
class Plan:
    """What the process does. ``step``: the thread that executes one instruction, None for none.
    ``signal`` is for the thread that has stopped."""

    step: int | None
    within: range
    frozen: frozenset[int]
    signal: int


def parse(text: bytes) -> list[Action]:
    """The actions of a packet ``vCont``, behind its name. Raises Malformed."""
    return [_action(part) for part in text.split(b";")]


def _action(text: bytes) -> Action:
    what, colon, who = text.partition(b":")
    thread = threads.parse(who) if colon else threads.ALL
    kind, operand = what[:1], what[1:]
    if kind in (b"C", b"S"):
        return Action(thread, _signal(operand), kind == b"S")
    if kind == b"r":
        start, end = numbers(operand)
        return Action(thread, steps=True, within=range(start, end))
    if kind in (b"c", b"s") and not operand:
        return Action(thread, steps=kind == b"s")
    raise Malformed


def _signal(text: bytes) -> int:
    signal = from_gdb(number(text, 0xFF))
    if signal is None:
        raise Malformed
    return signal


def plan(actions: Sequence[Action], all_threads: Iterable[int], stopped: int) -> Plan:
    """What a process with some threads, of which one has ``stopped``, does: of the actions for a
    thread the first counts, and what has none does not run. Raises Malformed if nothing runs."""
    wanted = {tid: _first(actions, tid) for tid in all_threads}
    if not any(wanted.values()):
        raise Malformed
    steps = [tid for tid, action in wanted.items() if action is not None and action.steps]
    step = stopped if stopped in steps else next(iter(steps), None)
    stepping = None if step is None else wanted[step]
    of_stopped = wanted.get(stopped)
    return Plan(
        step,
        range(0) if stepping is None else stepping.within,
        frozenset(tid for tid, action in wanted.items() if action is None),
        0 if of_stopped is None else of_stopped.signal,
    )


def _first(actions: Sequence[Action], tid: int) -> Action | None:
    covering = (threads.ALL, threads.ANY, tid)
    return next((action for action in actions if action.thread in covering), None)
