"""Guest functions called by the host: arguments and results by the procedure call standard, and
what is left when a function does not return."""

import ctypes
import itertools
from collections.abc import Iterator

import pytest
from support.guests import guest

import dbt
from dbt.hooks.mechanisms import NAMES
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.stops import Exited, InsnLimit, Killed, Requested, TimeLimit, UsageError

PROGRAMS = ["callable", "thumb_callable", "hard_callable"]
SEES_HOST = [name for name in NAMES if name != "jump"]  # the host does not jump
BACKENDS: dict[str, dict[str, object]] = {
    "reference": {"backend": "reference"},
    "copied": {"options": BackendOptions(tier="0")},
    "compiled": {"options": BackendOptions(tier="2")},
    "explicit": {"options": BackendOptions(memory_checks="explicit")},
}


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest) -> Iterator[dbt.Process]:
    with dbt.Process(str(guest(request.param)), env={}) as process:
        yield process


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_results_and_arguments_are_where_the_standard_says(program: str, backend: str) -> None:
    arguments: dict[str, object] = BACKENDS[backend]
    i64, double, single = ctypes.c_int64, ctypes.c_double, ctypes.c_float
    with dbt.Process(str(guest(program)), env={}, **arguments) as process:  # type: ignore[arg-type]
        call = process.call
        assert call("add", 2, 3) == 5
        assert call("add", -2, 1) == 0xFFFFFFFF
        assert call("add", -2, 1, restype=ctypes.c_int32) == -1
        assert call("add", 200, 2, restype=ctypes.c_bool) is True
        assert call("add", 254, 2, restype=ctypes.c_bool) is False, "of one byte"
        assert call("add", 60, 5, restype=ctypes.c_char) == b"A"
        assert call("six", 1, 2, 3, 4, 5, 6) == 91
        assert call("wide", 5, ctypes.c_uint64(1 << 40), restype=ctypes.c_uint64) == (1 << 40) + 5
        assert call("mixed", 1, 2, 3, i64(-(1 << 40)), 7, restype=i64) == 13 - (1 << 41)
        types = [ctypes.c_int8, ctypes.c_uint16]
        assert call("narrow", -3, 0xFFFF, argtypes=types, restype=ctypes.c_int) == -3 - 0xFFFF
        assert call("narrow", 0xFD, 0, argtypes=types, restype=ctypes.c_int) == -3
        assert call("narrow", ctypes.c_int8(0xFD), 0, restype=ctypes.c_int) == -3
        assert call("scale", 2.5, 3, argtypes=[double, single], restype=double) == 7.5
        floats = [single(1), double(2), single(3), 4, double(5)]
        assert call("several", *floats, restype=double) == 55
        assert call("half", single(5), restype=single) == 2.5


def test_buffers_are_in_guest_memory_while_the_call_takes(process: dbt.Process) -> None:
    assert process.call("text_length", "grün") == 5
    assert process.call("text_length", b"abc") == 3
    assert process.call("text_length", b"") == 0
    assert process.call("text_length", ctypes.c_char_p(b"x")) == 1
    assert process.call("text_length", ctypes.c_char_p(b"abc")) == 3
    assert process.call("add", ctypes.c_char_p(None), 1) == 1
    assert process.call("text_length", bytes([1]) * 300_000) == 300_000  # more than on a stack
    buffer = bytearray(b"......")
    assert process.call("fill", buffer, 4, ord("x"), restype=None) is None
    assert buffer == b"xxxx.."
    assert process.call("sum", memoryview(b"\1\2\3"), 3) == 6
    assert process.memory.load(process.resolve("counter"), 4) == 6
    areas = len(process.kernel.space.areas)
    process.call("text_length", bytes([1]) * 300_000)
    assert len(process.kernel.space.areas) == areas


def test_registers_are_as_before_a_call(process: dbt.Process) -> None:
    process.run(max_insns=3)
    before, executed = process.state.snapshot(), process.engine.executed
    process.call("six", 1, 2, 3, 4, 5, 6)
    assert process.state.snapshot() == before
    assert process.engine.executed > executed


def test_what_faults_exits_or_takes_too_long_is_told(process: dbt.Process) -> None:
    before = process.state.snapshot()

    def failing(name: str, *values: object, **limits: float) -> object:
        with pytest.raises(dbt.CallFailed) as failed:
            process.call(name, *values, **limits)  # type: ignore[arg-type]
        assert process.state.snapshot() == before
        return failed.value.stop

    stop = failing("fault_below", None)
    assert isinstance(stop, Killed)
    assert stop.signal == 11
    assert "fault" in stop.report
    assert isinstance(failing("forever", max_insns=100), InsnLimit)
    assert isinstance(failing("forever", timeout=0.05), TimeLimit)
    assert process.call("add", 1, 2) == 3  # the process can go on
    assert failing("leave", 7) == Exited(7)
    with pytest.raises(UsageError, match="call: the program has exited with status 7"):
        process.call("add", 1, 2)


def test_arguments_that_make_no_sense_are_refused(process: dbt.Process) -> None:
    for values, named, message in [
        ((1 << 32,), {}, "between"),
        ((1.5,), {}, "declare the types of floats"),
        ((1, 2), {"argtypes": [ctypes.c_int]}, "1 arguments by its argtypes, not 2"),
        ((1,), {"argtypes": [int]}, "simple one of ctypes"),
        (("x",), {"argtypes": [ctypes.c_int64]}, "whole number"),
        ((b"x",), {"argtypes": [ctypes.c_int32]}, "whole number"),
        ((ctypes.create_string_buffer(b"x"),), {}, "a text, bytes or a bytearray"),
        (("x",), {"argtypes": [ctypes.c_double]}, "a float is passed"),
        ((300,), {"argtypes": [ctypes.c_uint8]}, "between"),
        ((1,), {"argtypes": ctypes.c_int}, "argtypes are classes of ctypes"),
        (("\ud800",), {}, "no bytes in UTF-8"),
    ]:
        with pytest.raises(UsageError, match=message):
            process.call("add", *values, **named)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no symbol"):
        process.call("no_such_function")
    with pytest.raises(UsageError, match="an address is a whole number"):
        process.call(["add"])  # type: ignore[arg-type]


@pytest.mark.parametrize("top", [0, 0x1000])
def test_a_stack_that_is_not_there_is_refused(process: dbt.Process, top: int) -> None:
    process.state["r13"] = top
    before = process.state.snapshot()
    for name, values in [("six", (1, 2, 3, 4, 5, 6)), ("sum", (b"abc", 3))]:
        with pytest.raises(UsageError, match=r"the stack at 0x[0-9a-f]+ has no room for"):
            process.call(name, *values)
        assert process.state.snapshot() == before
    assert process.call("add", 1, 2) == 3


def test_no_call_is_made_in_a_hook(process: dbt.Process) -> None:
    refused = []

    def hook(event: object) -> None:
        with pytest.raises(UsageError) as error:
            process.call("add", 1, 2)
        refused.append(str(error.value))

    process.hooks.on_call("fibonacci", hook)
    assert process.call("fibonacci", 1) == 1
    assert refused == ["call: it runs already; return from the hook to continue the run"]


@pytest.mark.parametrize("mechanism", SEES_HOST)
def test_hooks_see_calls_of_the_host(process: dbt.Process, mechanism: str) -> None:
    seen: list[tuple[str, int, int]] = []
    process.hooks.on_call(
        "fibonacci",
        lambda call: seen.append(("call", call.depth, call.argument(0))),
        mechanism=mechanism,
    )
    process.hooks.on_return(
        "fibonacci",
        lambda ret: seen.append(("return", ret.depth, ret.result)),
        mechanism=mechanism,
    )
    for _ in range(3):
        seen.clear()
        assert process.call("fibonacci", 2) == 1
        assert seen == [
            ("call", 0, 2), ("call", 1, 1), ("return", 1, 1),
            ("call", 1, 0), ("return", 1, 0), ("return", 0, 1),
        ]  # fmt: skip


@pytest.mark.parametrize("mechanism", SEES_HOST)
def test_a_call_that_fails_leaves_no_activations(process: dbt.Process, mechanism: str) -> None:
    depths: list[int] = []
    process.hooks.on_call("fault", lambda call: depths.append(call.depth), mechanism=mechanism)
    process.hooks.on_return("fault_below", lambda ret: None, mechanism=mechanism)
    for _ in range(3):
        with pytest.raises(dbt.CallFailed):
            process.call("fault_below", None)
    assert depths == [1, 1, 1]


def test_the_check_of_jumps_sees_what_the_function_calls(process: dbt.Process) -> None:
    seen: list[int] = []
    process.hooks.on_call("fibonacci", lambda call: seen.append(call.argument(0)), mechanism="jump")
    assert process.call("fibonacci", 2) == 1
    assert seen == [1, 0]


def test_what_a_hook_raises_comes_out_of_the_call(process: dbt.Process) -> None:
    def hook(event: object) -> None:
        raise ZeroDivisionError

    remove = process.hooks.on_call("fibonacci", hook)
    before = process.state.snapshot()
    with pytest.raises(ZeroDivisionError):
        process.call("fibonacci", 3)
    assert process.state.snapshot() == before
    remove()

    def stop(event: object) -> None:
        raise dbt.StopRequested("enough")

    remove = process.hooks.on_call("fibonacci", stop)
    with pytest.raises(dbt.CallFailed) as failed:
        process.call("fibonacci", 3)
    assert isinstance(failed.value.stop, Requested)
    remove()
    assert process.call("fibonacci", 6) == 8


def test_a_call_does_not_change_how_the_program_ends(process: dbt.Process) -> None:
    for done in itertools.count():
        assert process.call("add", done, 1) == done + 1
        if not isinstance(process.run(max_insns=7), InsnLimit):
            break
    assert done > 3
    with pytest.raises(UsageError, match="exited"):
        process.call("add", 1, 1)


def test_another_program_has_its_functions_elsewhere() -> None:
    """``fib`` of the one program is not where that of the other is, and nor is it again."""
    with dbt.Process(str(guest("processes")), env={}) as process:
        first = process.snapshot()
        start = process.resolve("main")
        image = process.kernel.program
        process.kernel.load(str(guest("callable")), [b"callable"], [])
        assert process.kernel.program is not image
        process.engine.flush()
        assert process.call("add", 1, 2) == 3
        process.restore(first)
        assert process.kernel.program is image
        assert process.resolve("main") == start
        with pytest.raises(UsageError, match="no symbol"):
            process.call("add", 1, 2)


EXECVE, NANOSLEEP = 11, 162


def test_a_call_that_loads_another_program_is_the_last_one() -> None:
    first, other = str(guest("callable")), str(guest("thumb_callable"))
    options = LinuxOptions(cwd=str(guest("callable").parent))
    with dbt.Process(first, env={}, linux=options) as process:
        snapshot = process.snapshot()
        assert process.call("six", 1, 2, 3, 4, 5, 6) == 91
        process.hooks.on_program(lambda: process.hooks.on_call("main", stop))

        def stop(event: object) -> None:
            raise dbt.StopRequested

        with pytest.raises(dbt.CallFailed):
            process.call("syscall6", EXECVE, other, 0, 0, 0, 0, 0)
        with pytest.raises(UsageError, match=r"a call has replaced the program \(execve\)"):
            process.run()
        process.restore(snapshot)
        assert process.call("six", 1, 2, 3, 4, 5, 6) == 91


def test_a_call_amid_a_sleep_leaves_its_end_and_sleeps_by_itself() -> None:
    with dbt.Process(str(guest("waiting")), ["nanosleep"], env={}) as process:
        thread = process.kernel.threads.current
        while thread.sleep_until is None:
            assert isinstance(process.run(timeout=0.1), TimeLimit)
        deadline = thread.sleep_until
        moment = (0).to_bytes(4, "little") + (1000).to_bytes(4, "little")
        assert process.call("syscall6", NANOSLEEP, moment, 0, 0, 0, 0, 0, timeout=60) == 0
        assert thread.sleep_until == deadline
