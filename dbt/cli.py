"""The command line: run, explain, passes, demo. Thin: it parses, calls ``Process`` and prints.

Options take qemu-arm's names where it has them. The guest's exit status passes through; 128+n when
signal n killed it; 2 for errors of usage; 124 after a time-out; 125 when a check or limit stopped
the guest.
"""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, TextIO

from dbt.interfaces import BackendOptions
from dbt.ir.verifier import VerifyError
from dbt.log import ITEMS, Log
from dbt.stops import (
    Exited,
    GuestFault,
    InsnLimit,
    Killed,
    Requested,
    Stop,
    TimeLimit,
    Trapped,
    UsageError,
)

if TYPE_CHECKING:
    from dbt.process import Process

EXIT_USAGE = 2
EXIT_TIMEOUT = 124
EXIT_STOPPED = 125


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    # Translation makes many small objects and no cycles: collecting them is a third of its time.
    gc.set_threshold(200_000, 20, 100)
    try:
        arguments = _parser().parse_args(argv)
        return int(arguments.command(arguments))
    except UsageError as error:
        print(f"armdbt: {error}", file=sys.stderr)
        return EXIT_USAGE
    except VerifyError as error:
        print(f"armdbt: a pass made invalid IR: {error}", file=sys.stderr)
        return EXIT_STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 128 + 13
    except KeyboardInterrupt:
        return 128 + 2


# -- Options ---------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all other errors of usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="armdbt", description="Dynamic binary translator for 32-bit ARM Linux programs."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run a program", allow_abbrev=False)
    _machine_options(run)
    run.add_argument("--max-insns", type=_number, metavar="N", help="stop after N instructions")
    run.add_argument("--timeout", type=float, metavar="S", help="stop after S seconds")
    run.add_argument("--stats", action="store_true", help="print figures of the run at its end")
    run.add_argument("--stats-json", metavar="FILE", help="write the figures and counters as JSON")
    run.add_argument("program", metavar="PROG")
    run.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS")
    run.set_defaults(command=_run)

    explain = commands.add_parser("explain", help="show every stage of one block")
    _machine_options(explain)
    explain.add_argument("program", metavar="PROG")
    explain.add_argument("pc", metavar="PC", help="address or symbol")
    explain.set_defaults(command=_explain, args=[])

    passes = commands.add_parser("passes", help="list passes and the optimisation pipeline")
    passes.set_defaults(command=_passes)

    demo = commands.add_parser("demo", help="intercept calls and system calls of a small program")
    demo.add_argument("--json", metavar="FILE", help="also write the table as JSON")
    demo.set_defaults(command=_demo)
    return parser


def _machine_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-L", dest="root", metavar="ROOT", help="the guest's /: its interpreter and libraries")
    add("-E", dest="env", action="append", default=[], metavar="VAR=VAL", help="set a variable")
    add("-U", dest="unset", action="append", default=[], metavar="VAR", help="unset a variable")
    add("-0", dest="argv0", metavar="NAME", help="argv[0] of the guest")
    add("-s", dest="stack", type=_number, default=8 << 20, metavar="BYTES", help="stack size")
    add("-seed", type=_number, metavar="N", help="make AT_RANDOM and getrandom repeatable")
    add("-strace", action="store_true", help="print system calls")
    add("-d", dest="dump", default="", metavar="ITEMS", help="dump " + ",".join(ITEMS))
    add("-D", dest="dump_file", metavar="FILE", help="write dumps to FILE")
    add("-dfilter", default="", metavar="A..B,…", help="dump only blocks in these ranges (A+SIZE)")
    add("--allow-write", action="append", default=[], metavar="DIR", help="guest may write here")
    add("--allow-read", action="append", default=[], metavar="DIR", help="guest sees this under -L")
    add("--backend", default="numba_jit", metavar="NAME", help="numba_jit (default), reference")
    add("--tier", choices=("0", "1", "2", "auto"), default="auto", help="interpret, compile, both")
    add("--unit", choices=("block",), default="block", help="what is compiled at a time")
    add("--hot", type=_number, default=None, metavar="N", help="executions before auto compiles")
    add("--chain", choices=("off", "direct", "all"), default="all", help="which edges may chain")
    add("--no-chain", action="append", default=[], metavar="PC|SYMBOL", help="never chain into it")
    add("-p", "--pass", dest="passes", action="append", default=[], metavar="NAME{OPT=VAL,…}")
    add("--no-pass", action="append", default=[], metavar="NAME", help="optimise without this pass")
    add("--time-passes", action="store_true", help="time each pass (shown by --stats)")
    add("--verify", action="store_true", help="verify the IR after every stage")


def _number(text: str) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _ranges(text: str) -> list[tuple[int, int]]:
    ranges = []
    for part in filter(None, text.split(",")):
        start, separator, rest = part.partition("..")
        size = ""
        if not separator:
            start, separator, size = part.partition("+")
        try:
            first = int(start, 0)
            end = int(rest, 0) + 1 if rest else first + (int(size, 0) if size else 1)
        except ValueError:
            raise UsageError(f"-dfilter: {part!r} is neither A..B nor A+SIZE") from None
        ranges.append((first, end))
    return ranges


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    environment = dict(os.environ)
    if environment.get("LC_CTYPE") == "C.UTF-8" and not _was_set("LC_CTYPE"):
        del environment["LC_CTYPE"]
    for name in arguments.unset:
        environment.pop(name, None)
    for item in arguments.env:
        name, separator, value = item.partition("=")
        if not separator:
            raise UsageError(f"-E takes VAR=VAL, not {item!r}")
        environment[name] = value
    return environment


def _was_set(name: str) -> bool:
    """True unless Python itself set a variable when it started (PEP 538 coerces LC_CTYPE)."""
    try:
        with open("/proc/self/environ", "rb") as environ:
            return any(item.startswith(f"{name}=".encode()) for item in environ.read().split(b"\0"))
    except OSError:
        return True


def _log(arguments: argparse.Namespace) -> Log:
    items = [item for item in arguments.dump.split(",") if item]
    out: TextIO | None = None
    if arguments.dump_file:
        try:
            out = open(arguments.dump_file, "w", encoding="utf-8")  # noqa: SIM115 (the log's)
        except OSError as error:
            raise UsageError(f"{arguments.dump_file}: {error.strerror}") from None
    return Log(items, out, _ranges(arguments.dfilter))


def _check_directories(arguments: argparse.Namespace) -> None:
    root = [arguments.root] if arguments.root else []
    for path in (*root, *arguments.allow_read, *arguments.allow_write):
        if not os.path.isdir(path):
            raise UsageError(f"{path}: not a directory")


def _process(arguments: argparse.Namespace) -> "Process":
    from dbt.linux.kernel import LinuxOptions
    from dbt.passes.pipeline import Pipeline
    from dbt.passes.registry import parse_passes
    from dbt.process import Process

    log = _log(arguments)
    _check_directories(arguments)
    options = BackendOptions(tier=arguments.tier, unit=arguments.unit)
    if arguments.hot is not None:
        options = BackendOptions(tier=arguments.tier, unit=arguments.unit, hot=arguments.hot)
    strace = arguments.strace or log.wants("strace")
    linux = LinuxOptions(
        root=arguments.root,
        allow_read=tuple(arguments.allow_read),
        allow_write=tuple(arguments.allow_write),
        strace=strace,
        strace_log=lambda text: print(text, file=log.out, flush=True),
        stack_size=arguments.stack,
        seed=arguments.seed,
    )
    pipeline = Pipeline.default().without(arguments.no_pass)
    pipeline.timed = arguments.time_passes
    process = Process(
        arguments.program,
        arguments.args,
        argv0=arguments.argv0,
        env=_environment(arguments),
        backend=arguments.backend,
        options=options,
        linux=linux,
        chain=arguments.chain,
        passes=parse_passes(arguments.passes),
        pipeline=pipeline,
        verify=arguments.verify,
        log=log,
    )
    process.chain.deny(*(process.resolve(where) for where in arguments.no_chain))
    return process


# -- Commands --------------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace) -> int:
    process = _process(arguments)
    stop = process.run(arguments.max_insns, arguments.timeout)
    sys.stdout.flush()
    status = _report(process, stop)
    if arguments.stats:
        from dbt.report import print_stats

        print_stats(process, sys.stderr)
    if arguments.stats_json:
        from dbt.report import write_stats

        write_stats(process, stop, arguments.stats_json)
    return status


def _report(process: "Process", stop: Stop) -> int:
    """Say how a run ended, unless the guest ended it itself; the exit status."""
    match stop:
        case Exited(status=status):
            return status & 0xFF
        case Killed(signal=number, report=report):
            print(report or process.report(number), file=sys.stderr)
            return 128 + number
        case TimeLimit(pc=pc):
            print(f"armdbt: time is over at {process.symbolize(pc)}", file=sys.stderr)
            return EXIT_TIMEOUT
        case InsnLimit(pc=pc):
            text = f"instruction limit reached at {pc:#010x} ({process.symbolize(pc)})"
        case Trapped(reason=reason, pc=pc):
            text = f"{reason} at {pc:#010x} ({process.symbolize(pc)})"
        case Requested(pc=pc, reason=reason):
            text = f"stopped by a hook at {pc:#010x} {reason}".rstrip()
    print(f"armdbt: {text}", file=sys.stderr)
    return EXIT_STOPPED


def _explain(arguments: argparse.Namespace) -> int:
    process = _process(arguments)
    try:
        stages = process.explain(arguments.pc)
    except GuestFault:
        raise UsageError(f"there is no code at {arguments.pc}") from None
    for stage, text in stages.items():
        print(f"-- {stage}\n{text.rstrip()}\n")
    return 0


def _passes(_: argparse.Namespace) -> int:
    from dbt.report import print_passes

    print_passes(sys.stdout)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from dbt.demo import run_demo

    return run_demo(arguments.json)
