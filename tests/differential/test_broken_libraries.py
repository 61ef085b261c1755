"""A library that is cut, of another machine, or without what the program wants: the guest's loader
says so, or gets the signal, as under qemu-arm."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT, is_whole
from support.oracle import Case, armdbt_result, lacking, need_qemu, qemu_result

pytestmark = pytest.mark.oracle

LIBRARY = "liblzma.so.5"
TRIPLETS = {DEFAULT_ROOT: "arm-linux-gnueabi", ARMHF_ROOT: "arm-linux-gnueabihf"}


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


BROKEN: dict[str, Callable[[bytes, bytes], bytes]] = {
    "whole": lambda library, other: library,
    "empty": lambda library, other: b"",
    "cut-in-magic": lambda library, other: library[:3],
    "cut-in-header": lambda library, other: library[:40],
    "cut-in-program-headers": lambda library, other: library[:60],
    "cut-in-code": lambda library, other: library[: len(library) // 2],
    "text": lambda library, other: b"no library\n" * 100,
    "64-bit": lambda library, other: patched(library, 4, b"\2"),
    "aarch64": lambda library, other: patched(library, 18, b"\xb7\0"),
    "without-the-symbols": lambda library, other: other,
}

RUNS = ("whole", "64-bit", "aarch64")
"""The loader passes over a library for another machine, and finds the one in the root."""


def _library(root: Path, name: str) -> bytes:
    return next(root.glob(f"**/{TRIPLETS[root]}/{name}")).read_bytes()


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("root", TRIPLETS, ids=lambda root: root.name)
def test_same_as_qemu(root: Path, name: str) -> None:
    need_qemu()
    if not is_whole(root):
        lacking("needs Debian's programs (make root)")
    data = BROKEN[name](_library(root, LIBRARY), _library(root, "libbz2.so.1.0"))
    options = ("-L", str(root), "-E", "LD_LIBRARY_PATH=.")
    program = str(root / "usr/bin/xz")
    case = Case(
        name,
        (program, "--version"),
        prepare=lambda work: (work / LIBRARY).write_bytes(data) and None,
        options=options,
        qemu_options=options,
    )
    expected, found = qemu_result(case).outcome, armdbt_result(case, ()).outcome
    assert (found.status, found.stdout) == (expected.status, expected.stdout)
    assert (found.status == 0) == (name in RUNS)
    if found.status < 128:  # else each tells of the signal in its own words
        assert found.stderr == expected.stderr
