"""Options that describe a program and how it runs, for every command that runs one."""

import os
from collections.abc import Sequence

from dbt import choices
from dbt.classes import attrs
from dbt.commands.plain import Options
from dbt.interfaces import BackendOptions
from dbt.log import ITEMS, Log
from dbt.phases import UNTIMED, TimedPhases, process_began
from dbt.stops import UsageError
from dbt.streams import open_text, write_lines
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from dbt.hooks.faults import FaultPlan
    from dbt.interfaces import Pass
    from dbt.passes.pipeline import Pipeline
    from dbt.process import Process


def process_options(parser: Options) -> None:
    """Options of every command that runs or translates a program."""
    _world_options(parser)
    translation_options(parser)


def _world_options(parser: Options) -> None:
    """What the program finds."""
    add = parser.add_argument
    add("-L", dest="root", metavar="ROOT", help="the guest's /: its interpreter and libraries")
    add("-E", dest="env", action="append", default=[], metavar="VAR=VAL", help="set a variable")
    add(
        "-U",
        dest="env",
        action="append",
        type=Unset,
        default=[],
        metavar="VAR,…",
        help="unset variables; of -E and -U the last counts",
    )
    add("--env-clear", action="store_true", help="none of the host's variables, those of -E only")
    add("-0", dest="argv0", type=str, metavar="NAME", help="argv[0] of the guest")
    add("-s", dest="stack", type=stack_size, default=8 << 20, metavar="BYTES", help="stack size")
    add("-seed", type=number, metavar="N", help="make AT_RANDOM and getrandom repeatable")
    add(
        "-cpu",
        "--cpu",
        default="",
        metavar="NAME",
        help="the guest is told of: max (default), cortex-a15",
    )
    add("--sched-seed", type=number, default=0, metavar="N", help="order of the guest's threads")
    add(
        "--sched-turn",
        type=positive,
        metavar="N",
        help="instructions of a thread's turn, on average",
    )
    add("--inject", action="append", default=[], metavar="PLAN", help="make system calls fail")
    add("--allow-write", action="append", default=[], metavar="DIR", help="guest may write here")
    add("--allow-read", action="append", default=[], metavar="DIR", help="guest sees this under -L")
    add("--allow-net", action="store_true", help="the guest may use the loopback interface")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="ADDRESS[/BITS]",
        help="with --allow-net: the guest may reach this host, too",
    )


def translation_options(parser: Options) -> None:
    """How it is translated, and what is shown of that."""
    add = parser.add_argument
    add("-strace", action="store_true", help="print system calls")
    add(
        "-d",
        dest="dump",
        type=dump_items,
        default=(),
        metavar="ITEMS",
        help="dump " + ",".join(ITEMS) + "; help lists them",
    )
    add("-D", dest="dump_file", metavar="FILE", help="write dumps to FILE")
    add("-dfilter", default="", metavar="A..B,…", help="dump only blocks in A..B, A+SIZE, or at A")
    add("--debug-dir", action="append", default=[], metavar="DIR", help="debug files are here, too")
    add("--backend", default="numba_jit", metavar="NAME", help="numba_jit (default), reference")
    add("--tier", default="auto", metavar="TIER", help="copy code (0), compile (1, 2), both (auto)")
    add(
        "--unit",
        default="auto",
        metavar="UNIT",
        help="what is compiled at a time: block, loop, function, auto",
    )
    add("--hot", type=number, default=None, metavar="N", help="executions before auto compiles")
    add("--background", metavar="on|off", help="auto compiles while the guest runs (on)")
    add("--reuse", metavar="on|off", help="hot code is kept on disk, and taken from it (on)")
    add("--memory-checks", default="mmu", metavar="KIND", help="who checks: mmu, explicit")
    add("--chain", default="all", metavar="MODE", help="edges that may chain: off, direct or all")
    add("--no-chain", action="append", default=[], metavar="PC|SYMBOL", help="never chain into it")
    add(
        "-one-insn-per-tb",
        "-singlestep",
        dest="one_insn",
        action="store_true",
        help="blocks of one instruction",
    )
    add(
        "-p",
        "--pass",
        dest="passes",
        action="append",
        default=[],
        metavar="NAME{OPT=VAL,…}",
        help="instrument with a pass (armdbt passes); a number is the size of the host's pages",
    )
    add("--no-pass", action="append", default=[], metavar="NAME", help="optimise without this pass")
    add("--time-passes", action="store_true", help="time each pass (shown by --stats)")
    add("--verify", action="store_true", help="verify the IR after every stage")


def _wrong(message: str) -> Exception:
    """What says to argparse that a value is wrong."""
    from argparse import ArgumentTypeError

    return ArgumentTypeError(message)


def number(text: str) -> int:
    """An argument that is a whole number, 0 or more: decimal, or 0x…."""
    try:
        value = int(text, 0)
    except ValueError:
        raise _wrong(f"{choices.shown(text)} is no whole number") from None
    if value < 0:
        raise _wrong(f"{text} is negative")
    return value


def positive(text: str) -> int:
    """The same, 1 or more."""
    value = number(text)
    if not value:
        raise _wrong("0 is too small: 1 is the least")
    return value


def stack_size(text: str) -> int:
    """The argument of -s, in bytes."""
    from dbt.linux.options import LARGEST_STACK, SMALLEST_STACK

    size = number(text)
    if not SMALLEST_STACK <= size <= LARGEST_STACK:
        bounds = f"{SMALLEST_STACK} to {LARGEST_STACK} bytes"
        raise _wrong(f"a stack has {bounds}, not {size}")
    return size


def seconds(text: str) -> float | None:
    """An argument that is a time in seconds; ``inf`` is no limit."""
    try:
        return choices.seconds("--timeout", float(text))
    except ValueError:
        raise _wrong(f"{text!r} is no number") from None


def dump_items(text: str) -> list[str]:
    """The argument of -d. ``help`` prints what can be dumped, and raises SystemExit."""
    if not text:
        raise _wrong("needs ITEMS, not an empty text")
    if text != "help":
        return [item for item in text.split(",") if item]
    width = max(map(len, ITEMS))
    for item, about in ITEMS.items():
        print(f"{item:<{width}}  {about}")
    raise SystemExit(0)


def ranges(text: str) -> list[tuple[int, int]]:
    """Address ranges of -dfilter: first and past the last."""
    found = []
    for part in filter(None, text.split(",")):
        start, separator, rest = part.partition("..")
        size = ""
        if not separator:
            start, separator, size = part.partition("+")
        try:
            first = int(start, 0)
            end = int(rest, 0) + 1 if rest else first + (int(size, 0) if size else 1)
        except ValueError:
            raise UsageError(f"-dfilter: {part!r} is neither A..B nor A+SIZE nor A") from None
        if end <= first:
            raise UsageError(f"-dfilter: {part!r} ends before it begins")
        found.append((first, end))
    return found


class Unset(tuple[str, ...]):
    """The argument of -U: names of variables, with commas between them, as qemu-arm takes them."""

    __slots__ = ()

    def __new__(cls, text: str) -> "Unset":
        names = text.split(",")
        for name in names:
            if not name or "=" in name:
                raise _wrong(f"takes the name of a variable, not {name!r}")
        return super().__new__(cls, names)


def environment(arguments: "argparse.Namespace") -> dict[str, str]:
    """The guest's environment: the host's with what -E and -U change, in their order."""
    variables = {} if arguments.env_clear else dict(os.environ)
    if variables.get("LC_CTYPE") == "C.UTF-8" and not _was_set("LC_CTYPE"):
        del variables["LC_CTYPE"]
    for item in arguments.env:
        if isinstance(item, Unset):
            for name in item:
                variables.pop(name, None)
            continue
        name, separator, value = item.partition("=")
        if not separator or not name:
            raise UsageError(f"-E takes VAR=VAL, not {item!r}")
        variables[name] = value
    return variables


def _was_set(name: str) -> bool:
    """True unless Python itself set a variable when it started (PEP 538 coerces LC_CTYPE)."""
    try:
        with open("/proc/self/environ", "rb") as environ:
            return any(item.startswith(f"{name}=".encode()) for item in environ.read().split(b"\0"))
    except OSError:
        return True


def _log(arguments: "argparse.Namespace") -> Log:
    items = arguments.dump
    if arguments.dfilter and not items:
        raise UsageError("-dfilter chooses among the blocks that -d dumps: give -d, too")
    if arguments.dump_file and not items and not arguments.strace:
        raise UsageError("-D is the file that -d and -strace write to: give one of them, too")
    out = open_text(arguments.dump_file) if arguments.dump_file else None
    return Log(items, out, ranges(arguments.dfilter))


def _fault_plans(texts: Sequence[str]) -> "list[FaultPlan]":
    if not texts:
        return []
    from dbt.hooks.faults import FaultPlan

    return [FaultPlan.parse(text) for text in texts]


def _pipeline(arguments: "argparse.Namespace") -> "Pipeline | None":
    """The optimisation pipeline; None for the one that a process makes by itself."""
    if not arguments.no_pass and not arguments.time_passes:
        return None
    from dbt.passes.pipeline import Pipeline

    if arguments.time_passes and not _timed(arguments):
        raise UsageError("--time-passes: --stats and --stats-json of armdbt run show it: give one")
    pipeline = Pipeline.default().without(arguments.no_pass)
    pipeline.timed = arguments.time_passes
    return pipeline


def _timed(arguments: "argparse.Namespace") -> bool:
    return bool(getattr(arguments, "stats", False) or getattr(arguments, "stats_json", None))


def _backend_options(arguments: "argparse.Namespace") -> BackendOptions:
    """The options of the backend. Raises UsageError also for one that asks for what its tier and
    unit do not do."""
    background, reuse = (
        choices.one_of(f"value of --{name}", getattr(arguments, name) or "on", ("on", "off"))
        for name in ("background", "reuse")
    )
    options = BackendOptions(
        tier=arguments.tier,
        unit=arguments.unit,
        background=background == "on",
        reuse=reuse == "on",
        memory_checks=arguments.memory_checks,
    )
    if arguments.hot is not None:
        options = attrs.evolve(options, hot=arguments.hot)
    if options.tier in ("0", "1") and options.unit not in ("auto", "block"):
        raise UsageError(
            f"--unit {options.unit} has no effect with --tier {options.tier}, which compiles single"
            " blocks: take --tier auto or 2"
        )
    if not options.promotes:
        for name, asked in (
            ("hot", arguments.hot is not None),
            ("background", arguments.background == "on"),
            ("reuse", arguments.reuse == "on"),
        ):
            if asked:
                raise UsageError(
                    f"--{name} has no effect with --tier {options.tier} --unit"
                    f" {options.unit_compiled}, which compiles no hot blocks: take --tier auto, or"
                    " --tier 2 with --unit loop or function"
                )
    return options


HOST_PAGE = 4096
"""Bytes of a page of the host, and of the guest."""


def _passes(given: Sequence[str]) -> "list[Pass]":
    """The passes among the arguments of -p. For qemu-arm it is the size of the host's pages."""
    spellings = [text for text in given if not text.isdecimal()]
    for size in set(given).difference(spellings):
        if int(size) != HOST_PAGE:
            raise UsageError(
                f"-p {choices.shown(size)[1:-1]}: pages of host and guest have {HOST_PAGE} bytes,"
                " and no other size can be had; -p NAME is a pass (armdbt passes)"
            )
    if not spellings:
        return []
    from dbt.passes.registry import parse_passes

    return parse_passes(spellings)


def _allowed_hosts(arguments: "argparse.Namespace") -> tuple[str, ...] | None:
    """What ``allow_net`` of LinuxOptions is to be."""
    if arguments.allow_host and not arguments.allow_net:
        raise UsageError("--allow-host has no effect without --allow-net")
    return tuple(arguments.allow_host) if arguments.allow_net else None


def make_process(arguments: "argparse.Namespace") -> "Process":
    """The process that the options describe (``program`` and ``args`` among them)."""
    from dbt.linux.options import LinuxOptions
    from dbt.process import Process

    plans = _fault_plans(arguments.inject)
    log = _log(arguments)
    options = _backend_options(arguments)
    strace = arguments.strace or log.wants("strace")
    linux = LinuxOptions(
        root=arguments.root,
        allow_read=tuple(arguments.allow_read),
        allow_write=tuple(arguments.allow_write),
        allow_net=_allowed_hosts(arguments),
        debug_dirs=tuple(arguments.debug_dir),
        strace=strace,
        strace_log=(lambda text: write_lines(log.out, text)) if strace else None,
        stack_size=arguments.stack,
        seed=arguments.seed,
        cpu=arguments.cpu,
        sched_seed=arguments.sched_seed,
        turn=arguments.sched_turn,
    )
    pipeline = _pipeline(arguments)
    process = Process(
        arguments.program,
        arguments.args,
        argv0=arguments.argv0,
        env=environment(arguments),
        backend=arguments.backend,
        options=options,
        linux=linux,
        chain=arguments.chain,
        passes=_passes(arguments.passes),
        pipeline=pipeline,
        verify=arguments.verify,
        log=log,
        perf=getattr(arguments, "perf", None),
        block_insns=1 if arguments.one_insn else None,
        record=getattr(arguments, "log_made", None),
        phases=TimedPhases(process_began()) if _timed(arguments) else UNTIMED,
    )
    for plan in plans:
        plan.attach(process)
    process.chain.deny(*arguments.no_chain)
    return process


def make_replay(arguments: "argparse.Namespace") -> "Process":
    """The replay of ``log`` that the options describe."""
    from dbt.process.replay import replay

    log = _log(arguments)
    strace = arguments.strace or log.wants("strace")
    process = replay(
        arguments.log,
        backend=arguments.backend,
        options=_backend_options(arguments),
        strace=strace,
        strace_log=(lambda text: write_lines(log.out, text)) if strace else None,
        chain=arguments.chain,
        passes=_passes(arguments.passes),
        pipeline=_pipeline(arguments),
        verify=arguments.verify,
        log=log,
        perf=arguments.perf,
        block_insns=1 if arguments.one_insn else None,
        phases=TimedPhases(process_began()) if _timed(arguments) else UNTIMED,
    )
    process.chain.deny(*arguments.no_chain)
    return process
