"""Our own small guest programs: as under qemu-arm, in every mode and on both backends."""

from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, guest
from support.oracle import (
    MODES,
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_qemu,
    qemu_result,
)
from support.rotation import FULL

pytestmark = pytest.mark.oracle

PROGRAMS = {
    "hello": [()],
    "start_stack": [("one", "two words", "")],
    "faults": [
        (deed,)
        for deed in """none null unmapped high rodata noexec wild jump-null stack undefined
        undefined-not-taken bkpt abort unknown-syscall bad-pointer""".split()  # noqa: SIM905
    ],
    "selfmod": [()],
    "signals": [()],
    "setjmp": [()],
    "indirect": [("500",)],
    "oabi": [()],
    "bad_swi": [()],
    "spin": [("x",)],
    "unaligned": [()],
    "conditional_call": [()],
    "retargeted": [("briefly",)],
    "endian": [()],
    "files": [("made", "/no/such/directory/file")],
}
COMPUTE = {
    "fib": "12",
    "sha256": "20",
    "quicksort": "1",
    "matrix": "1",
    "crc32": "1",
    "bytecode": "100",
    "lists": "1",
    "lz": "1",
    "base64": "2",
    "bignum": "3",
    "chacha": "20",
    "dijkstra": "1",
    "forth": "20",
    "hashtable": "1",
    "heapsort": "1",
    "huffman": "1",
    "levenshtein": "3",
    "life": "1",
    "mandelbrot": "1",
    "md5": "20",
    "nbody": "2",
    "queens": "1",
    "regex": "1",
    "shapes": "2",
    "sieve": "1",
    "strings": "2",
    "tree": "1",
}
COMPARED_STDERR = frozenset(["hello", "start_stack", "oabi"])


def cases() -> list[Case]:
    rows = [(guest(name), args) for name, lists in PROGRAMS.items() for args in lists]
    rows += [(BENCHMARKS / f"{name}.elf", (args,)) for name, args in COMPUTE.items()]
    rows.append((DEMO, ("500",)))
    return [_case(path, *args) for path, args in rows]


def _case(path: Path, *args: str) -> Case:
    name = "-".join([path.stem, *(arg.strip("/").replace("/", "-") for arg in args if arg)])
    # A guest that is killed leaves a report of ours, and a line of qemu's.
    return Case(name, (str(path), *args), compare_stderr=path.stem in COMPARED_STDERR)


def selected() -> list[tuple[Case, str]]:
    some = ["chain-all", "copied", "unchecked", "compiled", "mixed", "unchecked-mixed", "regions"]
    kept = (FULL and [*MODES]) or some
    return [(case, mode) for case in cases() for mode in kept]


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, qemu_result(case), actual)


SLOW_ON_REFERENCE = frozenset(
    """stack sha256 quicksort matrix crc32 lists lz dijkstra hashtable heapsort huffman life
    mandelbrot regex sieve tree""".split()  # noqa: SIM905
)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name)
        for case in cases()
        if not SLOW_ON_REFERENCE & set(case.name.split("-"))
    ],
)
def test_the_reference_backend_agrees(case: Case) -> None:
    need_qemu()
    actual = armdbt_result(case, ("--backend", "reference"))
    assert_same(case, qemu_result(case), actual)
