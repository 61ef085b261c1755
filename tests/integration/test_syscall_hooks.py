"""Hooks on the system calls of programs."""

import re
import subprocess
import sys

import pytest
from support.guests import guest
from support.idioms import idiom

from dbt.experiments.harness.functions import functions_of
from dbt.hooks import StopRequested, SyscallEvent
from dbt.hooks.faults import FaultPlan
from dbt.linux.typed.decode import Decoder
from dbt.log import Log
from dbt.process import Process
from dbt.stops import Exited, GuestFault, Requested

RESTARTED = str(idiom("swi_restart").program)
"""A read of a pipe is interrupted, made again, and returns 1, which is the program's status."""


def test_a_call_that_is_made_again_enters_twice_and_leaves_once() -> None:
    process = Process(RESTARTED, env={})
    entered: list[int] = []
    left: list[tuple[int, int | None]] = []
    process.hooks.on_syscall("read", lambda e: entered.append(e.site))
    process.hooks.on_syscall("read", lambda e: left.append((e.site, e.result)), leaving=True)
    assert process.run() == Exited(1)
    (site, again) = entered
    assert site == again
    assert left == [(site, 1)]


def test_results_are_changed_when_the_call_that_was_made_again_is_over() -> None:
    process = Process(RESTARTED, env={})
    seen: list[int | None] = []

    def change(event: SyscallEvent) -> None:
        seen.append(event.result)
        event.result = 9

    process.hooks.on_syscall("read", change, leaving=True)
    assert process.run() == Exited(9)
    assert seen == [1]


def test_an_interrupt_that_a_plan_makes_up_is_told_and_not_made_again() -> None:
    process = Process(RESTARTED, env={})
    left: list[int | None] = []
    process.hooks.on_syscall("read", lambda e: left.append(e.result), leaving=True)
    FaultPlan.parse("read: EINTR first").attach(process)
    assert process.run() == Exited(-4 & 0xFF)
    assert left == [-4]


@pytest.mark.parametrize(
    ("raises", "status", "told"),
    [
        ('UsageError("no such thing")', 2, "armdbt: no such thing\n"),
        (
            'VerifyError(block, 0, "bad")',
            125,
            r"armdbt: a pass made invalid IR: block 0x8000: bad\n[^\0]*",
        ),
        ('StopRequested("enough")', 125, r"armdbt: stopped by a hook at 0x\w+ \(.+\): enough\n"),
        ("KeyboardInterrupt", 130, ""),
        ("BrokenPipeError", 141, ""),
        ("SystemExit(3)", 3, ""),
        ('SystemExit("words")', 1, "words\n"),
        ('ValueError("a bug")', 125, r"Traceback [^\0]*\nValueError: a bug\n"),
    ],
)
def test_how_a_forked_child_ends_in_which_a_hook_raises(
    raises: str, status: int, told: str
) -> None:
    """As the program itself would: one line, and the status that its parent waits for."""
    script = f"""
import os, sys
from dbt import Process
from dbt.hooks import StopRequested
from dbt.ir.block import Block, BlockKey, Goto
from dbt.ir.verifier import VerifyError
from dbt.stops import UsageError

block = Block(BlockKey(0x8000), [], Goto(BlockKey(0x8004)))

def in_child(event):
    if process.kernel.is_child:
        raise {raises}

process = Process(sys.argv[1], env={{}}, backend="reference")
process.hooks.on_syscall("exit", in_child)
process.hooks.on_syscall("exit_group", in_child)
print(process.run())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(guest("failing"))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert re.fullmatch(told, done.stderr), done.stderr
    assert f"child {status}" in done.stdout.splitlines()
    assert "Exited(status=0)" in done.stdout


def test_a_call_that_waits_for_a_hook_is_dumped_once(capsys: pytest.CaptureFixture[str]) -> None:
    process = Process(str(guest("hello")), env={}, log=Log(["dispatch"]))
    raised: list[str] = []

    def stop(event: SyscallEvent) -> None:
        raised.append(event.name)
        raise StopRequested

    process.hooks.on_syscall(None, stop)
    while isinstance(process.run(), Requested):
        pass
    assert raised
    assert capsys.readouterr().err.count("SyscallHit(") == len(raised)


# -- In words --------------------------------------------------------------------------------------


def test_arguments_by_name_on_entry() -> None:
    process = Process(str(guest("failing")), env={})
    paths: list[bytes] = []

    def entering(event: SyscallEvent) -> None:
        call = event.decoded
        assert (call.name, call.result, call.result_text) == ("openat", None, "")
        assert call["at"].text == "AT_FDCWD"
        assert call["path"].value == event.arguments[1]
        paths.append(call["path"].content)

    process.hooks.on_syscall("openat", entering)
    assert process.run() == Exited(0)
    assert set(paths) == {b"/dev/null", b"/dev/zero"}


def test_results_and_what_the_call_wrote_on_return() -> None:
    process = Process(RESTARTED, env={})
    seen: list[str] = []
    ends: list[int] = []

    def left(event: SyscallEvent) -> None:
        if event.name == "pipe":
            ends.extend(event.decoded["fds"].content)
        seen.append(event.decoded.result_text)

    process.hooks.on_syscall("pipe", left, leaving=True)
    process.hooks.on_syscall("read", left, leaving=True)
    process.hooks.on_syscall("read", lambda e: ends.extend(e.decoded.fds))
    process.run()
    assert seen == ["0", "1"]
    assert ends == [ends[0], ends[1], ends[0], ends[0]]


def test_words_follow_what_hooks_have_changed() -> None:
    process = Process(str(guest("hello")), env={})
    told: list[str] = []

    def shorten(event: SyscallEvent) -> None:
        before = event.decoded
        event.arguments[2] = 5
        told.append(before["buffer"].text)
        told.append(event.decoded["buffer"].text)
        process.memory.write(event.arguments[1], b"HELLO")
        event.result = 5
        told.append(str(event.decoded))

    process.hooks.on_syscall("write", shorten)
    process.hooks.on_syscall("write", lambda e: setattr(e, "result", -9), leaving=True)
    process.hooks.on_syscall("write", lambda e: told.append(e.decoded.result_text), leaving=True)
    assert process.run() == Exited(0)
    assert told == [
        '"hello, world\\12"',
        '"hello"',
        'write(1,"HELLO",5) = 5',
        "-1 errno=9 (Bad file descriptor)",
    ]


def test_nothing_is_decoded_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nobody asked")

    monkeypatch.setattr(Decoder, "decode_as", refuse)
    process = Process(str(guest("hello")), env={})
    seen: list[str] = []
    process.hooks.on_syscall(None, lambda e: seen.append(e.name))
    process.hooks.trace(None, lambda record: None)
    assert process.run() == Exited(0)
    assert seen == ["write", "exit"]
    again = Process(str(guest("hello")), env={})
    again.hooks.on_syscall(None, lambda e: e.decoded)
    with pytest.raises(AssertionError, match="nobody asked"):
        again.run()


# -- Hooks that raise ------------------------------------------------------------------------------


@pytest.mark.parametrize("leaving", [False, True])
def test_a_run_goes_on_after_a_hook_has_raised(
    leaving: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    process = Process(str(guest("hello")), env={})
    seen: list[int | None] = []

    def once(event: SyscallEvent) -> None:
        seen.append(event.result)
        raise StopRequested("look")

    remove = process.hooks.on_syscall("write", once, leaving=leaving)
    stop = process.run()
    assert isinstance(stop, Requested)
    written = capfd.readouterr().out
    assert bool(written) is leaving, "an entry hook that raises comes before the call"
    remove()
    assert process.run() == Exited(0)
    assert written + capfd.readouterr().out == "hello, world\n"
    assert seen == [13 if leaving else None]


def test_a_call_goes_on_as_its_hooks_wanted_it_before_one_raised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    process = Process(str(guest("hello")), env={})

    def skip(event: SyscallEvent) -> None:
        event.result = event.arguments[2]

    def stop(event: SyscallEvent) -> None:
        raise StopRequested(event.name)

    process.hooks.on_syscall("write", skip)
    process.hooks.on_syscall("write", stop)
    assert isinstance(process.run(), Requested)
    assert process.run() == Exited(0)
    assert capfd.readouterr().out == "", "the call was to be skipped"


def test_what_a_hook_on_exit_raises_is_not_lost() -> None:
    process = Process(str(guest("hello")), env={})

    def fail(event: SyscallEvent) -> None:
        raise LookupError(event.name)

    remove = process.hooks.on_syscall("exit_group", fail)
    process.hooks.on_syscall("exit", fail)
    with pytest.raises(LookupError, match="exit"):
        process.run()
    remove()
    assert process.run() == Exited(0)


def test_a_bad_access_of_a_hook_is_the_hooks_and_not_the_guests() -> None:
    """Not even where the guest has a handler for SIGSEGV."""
    process = Process(str(idiom("signal_calls").program), env={})
    whole = Process(str(idiom("signal_calls").program), env={}).run()

    def peek(event: SyscallEvent) -> None:
        event.memory.load(0x10, 4)

    remove = process.hooks.on_syscall("kill", peek)
    with pytest.raises(GuestFault):
        process.run()
    remove()
    assert process.run() == whole


def test_a_bad_access_of_an_invoked_hook_is_the_hooks() -> None:
    process = Process(str(idiom("recursion").program), env={})
    whole = Process(str(idiom("recursion").program), env={}).run()
    name = next(iter(functions_of(process).values()))
    remove = process.hooks.on_call(name, lambda e: e.memory.load(0x10, 4), mechanism="helper")
    with pytest.raises(GuestFault):
        process.run()
    remove()
    assert process.run() == whole
