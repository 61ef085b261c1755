"""Programs in Go and Rust, which start threads: as under qemu-arm."""

from pathlib import Path

import pytest
from support import wheel_programs
from support.debian_root import ARMHF_ROOT
from support.oracle import (
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    lacking,
    mode_options,
    need_armhf_root,
    need_qemu,
    qemu_result,
)
from support.wheel_programs import DEFAULT_DIRECTORY

pytestmark = pytest.mark.oracle

PROTO = """syntax = "proto3";
package shop.v1;
message  Order { string id=1;
 repeated Item items = 2; }
message Item { int32 count =1; map<string,int64> prices = 2; }
"""
MODULE = 'import os, sys\ndef f( x ):\n    return {"a":x ,}\n'
JUSTFILE = (
    'name := "world"\nall: first\n    @echo hello {{name}}\nfirst:\n    @echo {{uppercase(name)}}\n'
)


def prepare(directory: Path) -> None:
    """Files for the programs to read."""
    (directory / "shop").mkdir()
    (directory / "shop/order.proto").write_text(PROTO)
    (directory / "module.py").write_text(MODULE)
    (directory / "justfile").write_text(JUSTFILE)
    for number in range(20):
        lines = [f"line {n} of {number}: {'chain' * (n % 3)}" for n in range(50)]
        (directory / f"text{number:02}.txt").write_text("\n".join(lines))


COMMANDS = {
    "go-format": "buf format shop",
    "go-build": "buf build shop --output -#format=json",
    "go-wrong": "buf build missing",
    "rust-search": "rg --sort path --count chainchain .",
    "rust-search-threads": "rg --threads 4 --count --no-filename chain text03.txt text04.txt",
    "rust-list": "just --list",
    "rust-run": "just all",
    "rust-lint": "ruff check --isolated --no-cache --output-format concise module.py",
    "rust-format": "ruff format --isolated --no-cache --diff module.py",
}


def case(name: str) -> Case:
    program, *words = COMMANDS[name].split()
    path = str(DEFAULT_DIRECTORY / program)
    home = {"BUF_CACHE_DIR": "cache", "TMPDIR": ".", "GOMAXPROCS": "2", "RAYON_NUM_THREADS": "2"}
    root = ("-L", str(ARMHF_ROOT))
    return Case(name, (path, *words), prepare, options=root, qemu_options=root, env=home)


def selected() -> list[tuple[Case, str]]:
    others = ("chain-off", "copied", "copied-checked")
    rows = [(case(name), "chain-all") for name in COMMANDS]
    return rows + [(case("rust-search-threads"), mode) for mode in others]


@pytest.mark.parametrize(("one", "mode"), comparisons(selected()))
def test_same_as_qemu(one: Case, mode: str) -> None:
    need_qemu()
    need_armhf_root()
    if not wheel_programs.is_whole(DEFAULT_DIRECTORY):
        lacking("needs programs in Go and Rust (make wheels)")
    assert_same(one, qemu_result(one), armdbt_result(one, mode_options(mode, one)))
