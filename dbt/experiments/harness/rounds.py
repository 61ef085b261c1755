"""Runs rounds: each does every task once, in an interpreter started for the round.

The addresses of code and tables are chosen at random when a process starts, and can change a
program's time by a fifth. Rounds in one process would share these addresses, and their spread would
not show the effect. Rounds in processes of their own show it as noise, as anybody meets it who
repeats the experiment (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously
Wrong!", ASPLOS 2009; docs/decisions/0011-a-process-a-round.md).
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
    """Run ``repeats`` rounds; returns the results of each task, in the order of the rounds.

    A round does the tasks one after the other, so that a slow phase of the machine affects all of
    them. Before that it does the first task once without counting it, for what is loaded at first
    use. Tasks, names and results must be picklable. ``check`` is called with every result after
    its round, and may raise. ``place`` calls a round: in a new interpreter unless told otherwise.
    Raises UsageError when a round gives no result.
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
