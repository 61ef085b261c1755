"""Runs rounds: each does every task once, in an interpreter started for the round.

The addresses of code and tables are chosen at random when a process starts, and can change a
program's time by a fifth. Rounds in one process would share these addresses, and their spread would
not show the effect. Rounds in processes of their own show it as noise, as anybody meets it who
repeats the experiment (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously
Wrong!", ASPLOS 2009; docs/decisions/0011-a-process-a-round.md).
"""

import contextlib
import signal
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any, TypeVar

from dbt.experiments.harness import cluster
from dbt.experiments.harness.isolation import Died, in_fresh_interpreter
from dbt.interruption import name_of
from dbt.progress import Progress
from dbt.stops import UsageError
from dbt.streams import say

Name = TypeVar("Name", bound=Hashable)
Result = TypeVar("Result")
Tasks = Mapping[Name, Callable[[], Result]]
Place = Callable[[Callable[[], dict[Name, Result]]], dict[Name, Result]]


def rounds(
    tasks: Tasks[Name, Result],
    repeats: int,
    check: Callable[[Name, Result], object] = lambda _name, _result: None,
    place: Place[Name, Result] = in_fresh_interpreter,
) -> "Taken[Name, Result]":
    """Run ``repeats`` rounds; returns the results of each task, in the order of the rounds.

    A round does the tasks one after the other, so that a slow phase of the machine affects all of
    them. Before that it does the first task once without counting it, for what is loaded at first
    use. Tasks, names and results must be picklable. ``check`` is called with every result after
    its round, and may raise. ``place`` calls a round: in a new interpreter unless told otherwise.
    On a cluster rounds run side by side, each in a new interpreter of a worker (``cluster.py``).
    Raises UsageError when a round gives no result. Behind an interruption (SIGINT, SIGTERM) whole
    rounds are kept; it is raised again if there are none.
    """
    taken: Taken[Name, Result] = Taken((name, []) for name in tasks)
    works = [partial(_round, tasks, f"round {n + 1} of {repeats}") for n in range(repeats)]
    try:
        with contextlib.closing(cluster.each(works, "rounds", place)) as each:
            for _, done in each:
                for name, result in done.items():
                    check(name, result)
                    taken[name].append(result)
                taken.repeats += 1
    except Died as death:
        raise UsageError(f"a round {death}") from None
    except KeyboardInterrupt as interrupted:
        if not taken.repeats:
            raise
        taken.interrupted = interrupted
        say(f"armdbt: interrupted; {taken.repeats} of {repeats} rounds are kept")
    return taken


class Taken(dict[Name, list[Result]]):
    """The results of each task, in the same order of the rounds."""

    repeats = 0
    """The rounds that were done."""
    interrupted: KeyboardInterrupt | None = None
    """Why there are fewer than was asked for."""

    @property
    def facts(self) -> dict[str, object]:
        """What a laboratory's result says of its rounds."""
        cut = {} if self.interrupted is None else {"interrupted": name_of(self.interrupted)}
        return {"repeats": self.repeats, **cut, **cluster.facts()}


def status(result: Mapping[str, Any]) -> int:
    """The exit status of a laboratory: 0, or 128 and the number of the signal that has cut short
    its result."""
    return 128 + signal.Signals[result["interrupted"]] if "interrupted" in result else 0


def _round(tasks: Tasks[Name, Result], title: str) -> dict[Name, Result]:
    with Progress(title, len(tasks)) as progress:
        for task in list(tasks.values())[:1]:
            task()
        done = {}
        for name, task in tasks.items():
            done[name] = task()
            progress.advance()
        return done
