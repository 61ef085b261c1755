"""``dbt.sweep``: runs a function, or a laboratory, once for each of many parameters.

>>> def ends(seed):
...     with dbt.Process("prog.elf", linux=dbt.LinuxOptions(seed=seed), env={}) as process:
...         return str(process.run())
>>> runs = dbt.sweep(ends, {"seed": range(100)}, cluster="local:4")   # doctest: +SKIP

Each run has an interpreter of its own, here or on the workers of a dask.distributed cluster
(``dbt/experiments/harness/cluster.py``). A script that sweeps does so behind
``if __name__ == "__main__":``, because workers that start on this machine import it.
"""

import contextlib
import itertools
import json as json_text
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from dbt import choices
from dbt.files import Destination, dump, writing
from dbt.interruption import Terminated, caught, name_of, status_of
from dbt.progress import Progress
from dbt.stops import UsageError
from dbt.streams import say

if TYPE_CHECKING:
    from distributed import Client

    from dbt.experiments.harness.cluster import Ran

Parameters = Mapping[str, Any]


@attrs.frozen
class Run:
    """One run of a sweep: what the function has returned, or in words why it has not."""

    parameters: Parameters
    value: Any = None
    error: str | None = None


def sweep(
    function: Callable[..., Any] | str,
    parameters: Iterable[Parameters] | Mapping[str, Iterable[Any]],
    *,
    cluster: "str | Client | None" = None,
    retries: int = 2,
    json: str | os.PathLike[str] | None = None,
) -> list[Run]:
    """Call ``function(**parameters)`` for each of the parameters, and return the runs in their
    order.

    ``parameters`` are mappings, one a run; or one mapping of names to values that are all combined.
    A function is any that pickle or cloudpickle can send, also one of the script; its result must
    be picklable. The name of a kind of ``armdbt bench`` is a laboratory: parameters are its options
    (``tiers="0,2"``, ``short=True``; ``program`` and ``args``), and the value is its JSON.

    ``cluster``: the address of a scheduler, ``local:N`` for N workers on this machine, or a client
    of dask; None runs one after the other here. A run that fails, or whose worker dies, is done
    again up to ``retries`` times on a cluster; then its ``error`` says why, and the others go on.

    ``json``: a file of all runs, which does not depend on where they were done. It is written at
    the end, also of a sweep that is cut short: by SIGINT, whose KeyboardInterrupt is then raised
    again, or by SIGTERM, which then ends the script (SystemExit, status 143) with one line. Runs
    that were not done are in it with an error.

    Raises UsageError for what makes no sense, when no scheduler answers, and for a result that is
    no JSON, as soon as it comes.
    """
    retries = choices.whole("retries", retries)
    wanted = _each_of(parameters)
    works = [_work(function, one) for one in wanted]
    with contextlib.ExitStack() as stack:
        stack.enter_context(caught())
        runs: dict[int, Run] = {}
        out = None
        try:
            if json is not None:
                out = stack.enter_context(contextlib.closing(Destination(os.fspath(json))))
                _check_json("the parameters", wanted)
            for number, ran in _done(works, cluster, retries):
                if out is not None:
                    _check_json(f"the result of {choices.shown(wanted[number])}", ran.value)
                error = _named(function, wanted[number], ran.error)
                runs[number] = Run(wanted[number], ran.value, error)
            found = [runs[number] for number in range(len(wanted))]
            _write(out, found)
            return found
        except KeyboardInterrupt as interrupted:
            name = name_of(interrupted)
            words = f"not done: {name}"
            _write(out, [runs.get(n, Run(one, error=words)) for n, one in enumerate(wanted)])
            if not isinstance(interrupted, Terminated):
                raise
            say(f"armdbt: {name} has ended the sweep: {len(runs)} of {len(wanted)} runs are done")
            raise SystemExit(status_of(interrupted)) from None


def _named(function: Any, one: Parameters, error: str | None) -> str | None:
    """Why there is no value, with the call whose result cannot be sent."""
    from dbt.experiments.harness.isolation import RETURNS

    if error is None or not error.startswith(f"{RETURNS} "):
        return error
    name = getattr(function, "__name__", str(function))
    given = ", ".join(f"{key}={choices.shown(value)}" for key, value in one.items())
    return f"{name}({given}) {error}"


def _done(
    works: Sequence[Callable[[], Any]], where: "str | Client | None", retries: int
) -> "Iterator[tuple[int, Ran]]":
    from dbt.experiments.harness.cluster import Cluster, alone

    if where is None:
        with Progress("sweep", len(works)) as progress:
            for number, work in enumerate(works):
                yield number, alone(work)
                progress.advance()
        return
    with (
        contextlib.closing(Cluster(where, retries)) as cluster,
        contextlib.closing(cluster.each(works)) as each,
        Progress("sweep", len(works)) as progress,
    ):
        for number, ran in each:
            yield number, ran
            progress.advance()


def _each_of(given: Any) -> list[Parameters]:
    """The parameters of each run. Raises UsageError."""
    if isinstance(given, Mapping):
        values = [choices.several(f"values of {name}", own) for name, own in given.items()]
        return [dict(zip(given, row, strict=True)) for row in itertools.product(*values)]
    found = list(choices.several("parameters", given))
    for one in found:
        if not isinstance(one, Mapping):
            raise UsageError(
                f"parameters are mappings of names to values, not {choices.shown(one)}"
            )
    return found


# -- What is run -----------------------------------------------------------------------------------


def _work(function: Callable[..., Any] | str, one: Parameters) -> Callable[[], Any]:
    if isinstance(function, str):
        from dbt.commands.bench import KINDS

        choices.one_of("experiment", function, KINDS)
        return partial(laboratory, function, dict(one))
    _takes(function, one)
    return partial(function, **one)


def _takes(function: Any, one: Parameters) -> None:
    """Raises UsageError unless a function can be called with these parameters."""
    if not callable(function):
        raise UsageError(f"what is swept is a function, not {choices.shown(function)}")
    from inspect import signature

    try:
        signature(function).bind(**one)
    except TypeError as error:
        raise UsageError(f"the function does not take {', '.join(one)}: {error}") from None
    except ValueError:  # nothing is known of some builtins
        return


def laboratory(kind: str, options: Parameters) -> Any:
    """Run ``armdbt bench KIND`` with options; what it writes as JSON. Raises UsageError."""
    import tempfile

    from dbt.cli import main

    options = dict(options)
    program, args = options.pop("program", None), options.pop("args", ())
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "json")
        words = ["bench", kind, "--json", path, *_options(options)]
        if program is not None:
            words += [os.fspath(program), *map(str, args)]
        status = main(words)
        if status:
            raise UsageError(f"armdbt bench {kind} ended with status {status}")
        with open(path, encoding="utf-8") as stream:
            return json_text.load(stream)


def _options(options: Parameters) -> Iterator[str]:
    """Options as words: True is an option without a value, a list one that is given again."""
    for name, value in options.items():
        dashes = "-" if len(name) == 1 else "--"
        option = f"{dashes}{name.replace('_', '-')}"
        if isinstance(value, bool):
            yield from [option] * value
            continue
        for each in choices.several(name, value):
            yield from (option, str(each))


# -- Files -----------------------------------------------------------------------------------------


def _check_json(what: str, value: Any) -> None:
    try:
        json_text.dumps(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} cannot be written as JSON: {error}") from None


def _write(out: Destination | None, runs: Sequence[Run]) -> None:
    """Write the runs, anew if an interruption has cut that short; nothing if it was done."""
    if out is None or out.stream.closed:
        return
    with writing(out.path):
        if out.stream.seekable():
            out.stream.seek(0)
            out.stream.truncate()
        dump([attrs.asdict(run, recurse=False) for run in runs], out.stream)
    out.complete()
