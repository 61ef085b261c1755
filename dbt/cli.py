"""The command line. Thin: it finds the command's module in ``dbt/commands`` and runs it.

Options take qemu-arm's names where it has them. Exit statuses are in ``dbt/process/ending.py``.
"""

import atexit
import contextlib
import gc
import os
import sys
import threading
from collections.abc import Sequence
from types import TracebackType

from dbt.typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dbt.bundle import Bundle


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    # Translation makes many small objects and no cycles: collecting them is a third of its time. So
    # do imports, which therefore come after this.
    gc.set_threshold(200_000, 20, 100)
    gc.enable()
    given = sys.argv[1:] if argv is None else argv
    bundle = _bundle() if argv is None and given[:1] == ["run"] else None
    from dbt import streams

    streams.prepare()
    before, sys.excepthook = sys.excepthook, _report_bug  # what children of the guest meet
    try:
        arguments = _arguments(given, alone=argv is None)
        status = int(arguments.command(arguments))
    except SystemExit as leaving:  # --help
        status = leaving.code if isinstance(leaving.code, int) else 0
    except BaseException as error:
        status = _failed(error)
    finally:
        sys.excepthook = before
    status = streams.finish(status)
    if bundle is not None and (added := bundle.added()):
        from dbt import bundle_writing

        bundle_writing.keep(bundle, added)
    if argv is None:
        _exit(status)
    return status


def _arguments(given: Sequence[str], *, alone: bool) -> Any:
    """What the command line says. ``alone``: nothing else runs in this process. Raises SystemExit
    for ``--help``."""
    if given[:1] == ["run"]:
        from dbt.commands import plain, run

        arguments = plain.read(run, given[1:])
        if arguments is not None:
            return arguments
    import argparse

    from dbt.parser import parser_of

    if alone:  # to look for translations of its messages imports ``locale``
        argparse._ = str  # type: ignore[attr-defined]
    return parser_of(given[0] if given else "").parse_args(given)


def _bundle() -> "Bundle":
    from dbt.bundle import install

    return install()


def _exit(status: int) -> NoReturn:
    """End the process. Python would take apart all objects, which takes some milliseconds."""
    from dbt import streams

    if threading.active_count() == 1:  # nobody waits for what is being compiled
        atexit._run_exitfuncs()
        status = streams.finish(status)
    os._exit(status)


def _failed(error: BaseException) -> int:
    """Say in one line what went wrong; the exit status."""
    from dbt import streams
    from dbt.process.ending import describe_bug, describe_error

    text, status = describe_error(error) or describe_bug(error)
    with contextlib.suppress(BrokenPipeError):
        if text:
            streams.say(text)
    return status


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    del kind, trace
    _failed(error)
