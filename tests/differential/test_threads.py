"""The programs with threads in ``guests/libc``, built for armel and armhf: as under qemu-arm, whose
threads are the host's."""

import shutil
from pathlib import Path

import pytest
from support.oracle import Case, armdbt_result, assert_same, lacking, need_qemu, qemu_result
from support.random_calls import compiler
from support.thread_programs import ARM, THUMB, build

pytestmark = [pytest.mark.oracle, pytest.mark.rotates("target")]

ARMHF = "arm-linux-gnueabihf-gcc"
TARGETS = {"arm": ARM, "thumb": THUMB, "armhf": ()}
# qemu-arm 7.2 does not come to the end of threads.c.
PROGRAMS = ("thread_signals", "thread_kinds", "thread_timers", "thread_waits")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("threads")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_qemu(home: Path, name: str, target: str) -> None:
    need_qemu()
    chosen = compiler() if target != "armhf" else ARMHF
    if shutil.which(chosen) is None:
        lacking(f"needs {chosen} (Debian: gcc-arm-linux-gnueabihf)")
    built = build(home, name, *TARGETS[target], gcc=chosen)
    one = Case(name, (built,), options=("--allow-net",), compare_stderr=False)
    assert_same(one, qemu_result(one), armdbt_result(one, ()))
