"""What a process allows at each time of its life, and that nothing of it stays behind."""

import contextlib
import copy
import gc
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.guests import guest

import dbt
from dbt.hooks.faults import FaultPlan
from dbt.interfaces import BackendOptions
from dbt.ir.block import Block
from dbt.process import Process
from dbt.stops import Exited, InsnLimit, Requested, TimeLimit, Trapped, UsageError

FIB = str(guest("fib"))
ROUNDS = 12
"""Processes that are dropped one after the other: more than any that wait for a collector."""


def ignore(event: object) -> None:
    """A hook that does nothing."""


def fib(**options: object) -> Process:
    return Process(FIB, ["10"], env={}, **options)  # type: ignore[arg-type]


@pytest.fixture
def process() -> Iterator[Process]:
    with contextlib.closing(fib()) as process:
        yield process


# -- run -------------------------------------------------------------------------------------------


def test_a_program_that_has_exited_is_not_run_on(process: Process) -> None:
    stop = process.run()
    assert isinstance(stop, Exited)
    pc, executed = process.state["pc"], process.stats()["instructions"]
    with pytest.raises(UsageError, match=f"has exited with status {stop.status}; only a limit"):
        process.run()
    assert (process.state["pc"], process.stats()["instructions"]) == (pc, executed)


def test_a_program_that_was_killed_is_not_run_on() -> None:
    with Process(str(guest("bad_swi")), env={}) as process:
        process.run()
        with pytest.raises(UsageError, match="run: "):
            process.run()
    with Process(str(guest("failing")), env={}) as process:
        process.run()
        with pytest.raises(UsageError, match="run: "):
            process.run()


def test_a_program_that_a_check_has_stopped_is_not_run_on() -> None:
    from dbt.instrument.swi import SwiFilter

    with Process(str(guest("hello")), env={}, passes=[SwiFilter(allow="exit")]) as process:
        assert isinstance(process.run(), Trapped)
        with pytest.raises(UsageError, match="the check swi-denied has stopped the program"):
            process.run()


def test_run_in_a_hook_is_refused_and_the_run_goes_on(process: Process) -> None:
    refused: list[str] = []

    def again(event: object) -> None:
        with pytest.raises(UsageError) as told:
            process.run(max_insns=10)
        refused.append(str(told.value))

    process.hooks.on_call("fib", again)
    process.hooks.on_syscall(None, again)
    with contextlib.closing(fib()) as plain:
        assert process.run() == plain.run()
        assert process.stats()["instructions"] == plain.stats()["instructions"]
    assert set(refused) == {"run: it runs already; return from the hook to continue the run"}


@pytest.mark.parametrize("asked", ["run", "close"])
def test_another_thread_neither_runs_nor_closes_what_runs(process: Process, asked: str) -> None:
    refused: list[BaseException] = []

    def ask() -> None:
        try:
            getattr(process, asked)()
        except UsageError as error:
            refused.append(error)

    def hook(event: object) -> None:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    remove = process.hooks.on_call("fib", hook)
    process.hooks.on_call("fib", lambda event: remove())
    assert isinstance(process.run(), Exited)
    assert len(refused) == 1
    assert str(refused[0]).startswith(f"{asked}: it runs")


def test_close_in_a_hook_is_refused_and_the_run_goes_on(process: Process) -> None:
    process.hooks.on_call("fib", lambda event: process.close())
    with pytest.raises(UsageError, match=r"close: it runs; raise dbt.StopRequested in the hook"):
        process.run()


def test_hooks_are_set_and_blocks_explained_in_hooks(process: Process) -> None:
    seen: list[int] = []
    texts: list[dict[str, str]] = []

    def first(event: object) -> None:
        remove()
        texts.append(process.explain("fib"))
        process.hooks.on_call("fib", lambda event: seen.append(event.argument(0)))

    remove = process.hooks.on_call("fib", first)
    assert isinstance(process.run(), Exited)
    assert len(texts) == 1
    assert seen


def test_a_run_goes_on_after_limits_requests_and_hooks_that_raise(process: Process) -> None:
    def once(error: BaseException) -> Callable[[object], None]:
        def hook(event: object) -> None:
            remove()
            raise error

        remove = process.hooks.on_call("fib", hook)
        return hook

    assert isinstance(process.run(max_insns=5), InsnLimit)
    once(dbt.StopRequested("enough"))
    assert isinstance(process.run(), Requested)
    once(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        process.run()
    assert isinstance(process.run(), Exited)


def test_a_run_cut_short_before_the_guest_runs_gives_the_host_its_own_back(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(kernel: object) -> None:
        raise KeyboardInterrupt

    own = os.umask(0o27)
    try:
        process.kernel.enter_guest()
        process.kernel.process.file_mask.set(0)
        process.kernel.process.interval_timers.set(signal.ITIMER_REAL, 1000, 0)
        process.kernel.leave_guest()
        monkeypatch.setattr("dbt.linux.state.timers.resume", interrupted)
        with pytest.raises(KeyboardInterrupt):
            process.run()
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        assert os.umask(own) == 0o27


def test_a_run_that_was_cut_short_is_not_continued_anywhere() -> None:
    """Where the guest stands is not known: it went on at the last event, and did things twice."""

    class Fails:
        blocks = 0

        def run(self, block: Block) -> None:
            self.blocks += 1
            if self.blocks == 20:
                raise ZeroDivisionError

    with fib(passes=[Fails()]) as process:
        with pytest.raises(ZeroDivisionError):
            process.run()
        with pytest.raises(UsageError, match="the last run was cut short by ZeroDivisionError"):
            process.run()


def test_a_run_that_ctrl_c_has_cut_short_says_how_to_go_on() -> None:
    class Interrupted:
        def run(self, block: Block) -> None:
            raise KeyboardInterrupt

    with fib(passes=[Interrupted()]) as process:
        with pytest.raises(KeyboardInterrupt):
            process.run()
        with pytest.raises(
            UsageError, match=r"by KeyboardInterrupt; .*call run\(timeout=1\) until"
        ):
            process.run()
        assert repr(process).endswith(": the last run was cut short by KeyboardInterrupt>")


def test_a_flag_that_a_handler_of_sigint_sets_stops_a_run_that_goes_on() -> None:
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        with fib() as process:
            process.run(max_insns=100)
            os.kill(os.getpid(), signal.SIGINT)
            stop = process.run(timeout=0)
            assert asked
            assert isinstance(stop, TimeLimit)
            assert process.run() == Exited(0)
    finally:
        signal.signal(signal.SIGINT, before)


# -- close -----------------------------------------------------------------------------------------

AFTERWARDS: dict[str, Callable[[Process], object]] = {
    "run": lambda process: process.run(),
    "explain": lambda process: process.explain("fib"),
    "resolve": lambda process: process.resolve("fib"),
    "symbolize": lambda process: process.symbolize(0x10000),
    "stats": lambda process: process.stats(),
    "on_call": lambda process: process.hooks.on_call("fib", ignore),
    "on_syscall": lambda process: process.hooks.on_syscall(None, print),
    "deny": lambda process: process.chain.deny(0x10000),
    "load": lambda process: process.memory.load(0x10000, 4),
    "poke": lambda process: process.memory.poke(0x10000, b"text"),
    "images": lambda process: process.kernel.images,
    "cache": lambda process: process.engine.cache,
    "attribute": lambda process: setattr(process.kernel, "overdue", print),
    "plan": lambda process: FaultPlan.parse("read: EIO").attach(process),
}


@pytest.mark.parametrize("use", AFTERWARDS)
def test_a_closed_process_refuses_with_one_sentence(use: str) -> None:
    process = fib()
    process.run(max_insns=50)
    process.close()
    with pytest.raises(UsageError, match=r"ask inside its with .* only state, counters and stacks"):
        AFTERWARDS[use](process)


@pytest.mark.parametrize("broken", ["hooks", "_machine"])
def test_what_cannot_be_closed_keeps_nothing_else_open(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    process = fib()
    memory, owner = process.memory, getattr(process, broken)

    def fail() -> None:
        raise OSError("refused")

    released: list[object] = []
    monkeypatch.setattr(owner, "close", fail)
    process._release.callback(released.append, memory)
    with pytest.raises(OSError, match="refused"):
        process.close()
    assert released == [memory]
    process.close()


def test_of_a_closed_process_results_are_left_and_what_was_set_can_be_taken_back() -> None:
    from dbt.instrument.call_count import CallCount

    with fib(passes=[CallCount()]) as process:
        chain = process.chain
        plan = FaultPlan.parse("read: EIO").attach(process)
        hooks = process.hooks
        removers = [
            hooks.on_call("fib", ignore),
            hooks.on_return("fib", ignore, mechanism="dispatch"),
            hooks.on_syscall("write", ignore),
            hooks.on_program(list),
            plan,
        ]
        removers[0]()
        process.run(max_insns=1_000)
    process.close()
    assert process.state["pc"]
    assert any(process.counters.snapshot().values())
    chain.deny(0x10000)
    for remove in removers:
        remove()
        remove()


# -- dropped ---------------------------------------------------------------------------------------


def held() -> tuple[int, int]:
    """Descriptors, and gigabytes of address space."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    return len(os.listdir("/proc/self/fd")), pages * 4096 >> 30


@pytest.mark.parametrize("tier", ["0", "2"])
def test_a_process_that_is_dropped_leaves_nothing(tier: str) -> None:
    def one() -> None:
        process = fib(options=BackendOptions(tier=tier))
        process.hooks.on_call("fib", ignore, when="r0 > 1000000")
        process.run(max_insns=200)

    one()
    gc.disable()  # it goes when its last user goes, not when a collector comes by
    try:
        descriptors, space = held()
        for _ in range(ROUNDS):
            one()
        after = held()
    finally:
        gc.enable()
    assert after[0] == descriptors
    assert after[1] < space + 100


def test_a_process_that_its_own_hooks_hold_is_collected() -> None:
    def one() -> None:
        process = Process(str(guest("signals")), env={})
        process.hooks.on_call("_start", lambda event: process.stats())
        process.run(max_insns=300)

    one()  # what a host's process has once for all guests
    gc.collect()
    descriptors, space = held()
    for _ in range(ROUNDS):
        one()
    gc.collect()
    after = held()
    assert after[0] == descriptors
    assert after[1] < space + 100


def handlers() -> dict[int, object]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def test_a_process_that_is_dropped_gives_the_hosts_signals_back() -> None:
    before = handlers()
    process = Process(str(guest("signals")), env={})
    process.hooks.on_syscall(None, lambda event: during.append(handlers()))
    during: list[dict[int, object]] = []
    process.run(max_insns=300)
    del process
    assert during[-1] != before, "the guest has set no handler yet"
    assert handlers() == before


def test_a_constructor_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Refuses:
        name = "refuses"

        def open(self, context: object) -> object:
            raise UsageError("this backend opens nothing")

    bad = tmp_path / "bad.elf"
    bad.write_bytes(b"\x7fELF but no more")
    descriptors, space = held()
    for _ in range(ROUNDS):
        with pytest.raises(UsageError):
            Process(str(bad), env={})
        with pytest.raises(UsageError, match="opens nothing"):
            fib(backend=Refuses())
    after = held()
    assert after[0] == descriptors
    assert after[1] < space + 100


def test_a_process_that_is_still_there_when_python_ends_says_nothing() -> None:
    code = (
        "import dbt\n"
        f"process = dbt.Process({FIB!r}, ['10'], options=dbt.BackendOptions(tier='2'))\n"
        "process.hooks.on_call('fib', lambda event: process.stats())\n"
        "process.run(max_insns=500)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, timeout=120, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_process_that_is_dropped_when_modules_are_gone_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = fib()
    with monkeypatch.context() as patched:
        patched.setattr("dbt.process.facade.contextlib", None)
        process.__del__()
    process.close()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_process_cannot_be_copied(process: Process, copied: Callable[[Process], object]) -> None:
    with pytest.raises(TypeError, match="cannot be copied or pickled: use snapshot"):
        copied(process)
    gc.collect()
    assert process.run() == Exited(0)


def test_a_process_says_its_state() -> None:
    process = Process(FIB, ["9", "<"], env={}, stdout=dbt.CAPTURE)
    seen: list[str] = []
    process.hooks.on_call("main", lambda call: seen.append(repr(process)))
    states = [repr(process).rpartition(": ")[2]]
    process.run()
    states.append(repr(process).rpartition(": ")[2])
    assert (
        '<tr><th>system calls</th><td style="text-align: right">2</td></tr>'
        in process._repr_html_()
    )
    assert "&lt;" in process._repr_html_()
    process.close()
    assert [*states, repr(process).rpartition(": ")[2]] == [
        "ready to run>", "the program has exited with status 0>", "closed>"
    ]  # fmt: skip
    assert seen == [f"<Process {FIB!r} '9' '<': running>"]
    assert "closed" in process._repr_html_()


def test_parts_of_a_process_say_what_they_are(process: Process) -> None:
    assert repr(process.hooks) == "<hooks: none>"
    assert re.fullmatch(r"<guest memory: [\d,]+ KiB mapped>", repr(process.memory))
    said: list[str] = []
    removers = [
        process.hooks.on_call("main", lambda call: said.append(repr(call))),
        process.hooks.on_syscall("write", lambda call: said.append(repr(call))),
        process.hooks.on_block("main", lambda block: None),
    ]
    recording = process.record(syscalls=False)
    shown = "main (entry), system call write, 1 on code, a recording"
    assert repr(process.hooks) == f"<hooks: {shown}>"
    process.run()
    assert re.fullmatch(r"<recording of calls: [1-9][\d,]* events>", repr(recording))
    rows = rf"calls {len(recording):,}; instructions 0 to {process.engine.executed:,}"
    assert repr(recording.arrays()) == f"<EventArrays, rows: {rows}>"
    for remove in (*removers, recording.stop):
        remove()
    assert repr(recording).endswith(" events, stopped>")
    assert repr(process.hooks) == "<hooks: none>"
    call, write = said
    assert re.fullmatch(
        r"CallEvent\(pc=0x\w+, symbol='main', return_to=0x\w+, insns=\d+, thread=\d+, go_to=None\)",
        call,
    )
    assert write.startswith("SyscallEvent(name='write', arguments=[1, ")
    assert "State" not in write
    memory = process.memory
    process.close()
    assert repr(memory) == "<guest memory, closed>"
