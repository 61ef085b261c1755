"""The adapters on the bundled program, whose events its source tells."""

import importlib
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from support.oracle import need_qemu

from dbt.data import DEMO
from dbt.experiments.harness.functions import functions_of
from dbt.experiments.harness.guest_run import Program
from dbt.experiments.peers import load_image
from dbt.experiments.peers.qemu import LogReader
from dbt.hooks.records import Kind, Record
from dbt.process import Process

ROUNDS = 200
LOG = """\
Trace 0: 0x7f9088000240 [00000480/000100c4/00000000/00000200] _start
R00=00000001 R01=00000002 R02=00000003 R03=00000004
R04=00000000 R05=00000000 R06=00000000 R07=00000000
R08=00000000 R09=00000000 R10=00011818 R11=00000000
R12=40800add R13=40800970 R14=00010013 R15=00020000
PSR=20000010 --C- A usr32
Trace 0: 0x7f9088000240 [00000480/000100c4/00000000/00000200] _start
R00=0000002a R01=00000002 R02=00000003 R03=00000004
R04=00000000 R05=00000000 R06=00000000 R07=00000000
R08=00000000 R09=00000000 R10=00011818 R11=00000000
R12=00000000 R13=40800970 R14=00010014 R15=00010012
"""


@pytest.fixture(scope="module")
def functions() -> dict[int, str]:
    process = Process(DEMO, [], backend="reference")
    try:
        return functions_of(process)
    finally:
        process.close()


def adapter(name: str) -> ModuleType:
    if name == "qemu":
        need_qemu()
    return importlib.import_module(f"dbt.experiments.peers.{name}")


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("unicorn", "code"), ("unicorn", "block"), ("unicorn", "address"),
        ("unicorn", "address+flush"), ("qemu", "block"), ("qemu", "step"),
    ],
)  # fmt: skip
def test_every_way_sees_the_calls(name: str, mode: str, functions: dict[int, str]) -> None:
    seen: Counter[tuple[str, Kind]] = Counter()
    stacks = set()

    def sink(record: Record) -> None:
        seen[record.symbol, record.kind] += 1
        if record.symbol == "main":
            stacks.add(record.stack)

    image = load_image(Program(DEMO, (str(ROUNDS),)))
    result = adapter(name).watch(image, mode, functions, sink)
    assert seen["helper", Kind.CALL] == seen["helper", Kind.RETURN] == ROUNDS
    assert seen["fib", Kind.CALL] == seen["fib", Kind.RETURN] == 465
    assert seen["_start", Kind.RETURN] == 0
    assert result.events == sum(seen.values())
    assert stacks == {image.stack}, "all tell stack pointers alike"


@pytest.mark.parametrize("name", ["unicorn", "qemu"])
def test_nothing_watched(name: str, functions: dict[int, str]) -> None:
    peer = adapter(name)
    assert peer.lacking() is None
    image = load_image(Program(DEMO, ("3",)))
    result = peer.watch(image, "none", functions, pytest.fail)
    assert (result.events, result.status, result.unsupported) == (0, 0, ())
    assert result.output.startswith(b"armdbt demo, process alive\nhelper ")
    assert result.seconds > 0


def test_unsupported_system_calls_are_named() -> None:
    """processes.elf makes a pipe (42) and forks (2), which the Unicorn adapter does not offer."""
    processes = str(Path(__file__).parents[3] / "guests" / "processes.elf")
    result = adapter("unicorn").watch(load_image(Program(processes)), "none", {}, pytest.fail)
    assert result.unsupported[:2] == ("system call 42", "system call 2")


def test_log_of_qemu() -> None:
    seen: list[Record] = []
    reader = LogReader(0xBE000000, {0x20000: "f"}, seen.append, 1)
    reader.read(LOG.splitlines())
    call, returned = seen
    assert (call.kind, call.site, call.stack) == (Kind.CALL, 0x10012, 0xBE000000)
    assert call.arguments == (1, 2, 3, 4)
    assert (returned.kind, returned.result) == (Kind.RETURN, 42)
    assert reader.events == 2
