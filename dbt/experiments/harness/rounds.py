"""Rounds of an experiment: every contender once, in an interpreter started for the round.

Where a process has its code and its tables is chance, decided when it starts, and can be worth a
fifth of a program's time. Rounds that share a process share that chance, and their spread says
nothing of it. In processes of their own they show it as what it is to whoever runs the experiment
again: noise (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously Wrong!",
ASPLOS 2009; docs/decisions/0011-a-process-a-round.md).
"""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TypeVar

from dbt.experiments.harness.isolation import Died, in_fresh_interpreter
from dbt.stops import UsageError

Name = TypeVar("Name", bound=Hashable)
Result = TypeVar("Result")
Tasks = Mapping[Name, Callable[[], Result]]
Place = Callable[[Callable[[], dict[Name, Result]]], dict[Name, Result]]


def rounds(
    tasks: Tasks[Name, Result],
    repeats: int,
    check: Callable[[Name, Result], object] = lambda _name, _result: None,
    place: Place[Name, Result] = in_fresh_interpreter,
) -> dict[Name, list[Result]]:
    """What each task gave in each of ``repeats`` rounds, in order.

    A round does the tasks one after the other, so that a slow spell of the machine hits all of
    them; before them the first one, which counts for nothing but bears what is loaded at first
    use. Tasks, names and results must be picklable. ``check`` sees every result after its round,
    and may raise. ``place`` says where a round is done. Raises UsageError when a round fails.
    """
    taken: dict[Name, list[Result]] = {name: [] for name in tasks}
    for _ in range(repeats):
        try:
            done = place(partial(_round, tasks))
        except Died as death:
            raise UsageError(f"a round {death}") from None
        for name, result in done.items():
            check(name, result)
            taken[name].append(result)
    return taken


def _round(tasks: Tasks[Name, Result]) -> dict[Name, Result]:
    for task in list(tasks.values())[:1]:
        task()
    return {name: task() for name, task in tasks.items()}
