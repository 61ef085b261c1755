"""When blocks are hot."""

from pathlib import Path

import pytest
from support.machine_code import EXIT, program

from backends.numba_jit.units.hot_blocks import SOONER
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited

HOT = 80
VADD, ADD = 0xF2000D40, 0xE2811001  # vadd.f32 q0, q0, q0; add r1, r1, #1


def compiled(directory: Path, word: int, times: int) -> int:
    """How many blocks are compiled of a program that executes a word so often."""
    loop = (word, 0xE2500001, 0x1AFFFFFC)  # subs r0, r0, #1; bne to the word
    path = program(directory, [0xE3A00000 | times, *loop, *EXIT])
    options = BackendOptions(hot=HOT, unit="block", background=False, reuse=False)
    with Process(str(path), env={}, options=options) as process:
        assert process.run() == Exited(0)
        return int(process.stats()["backend"]["compiled_blocks"])


@pytest.mark.parametrize(("word", "again"), [(VADD, True), (ADD, False)])
def test_what_could_not_be_copied_is_hot_sooner(tmp_path: Path, word: int, again: bool) -> None:
    few, more = HOT // SOONER - 5, HOT // SOONER + HOT // 2 + 5
    assert more < HOT
    before = compiled(tmp_path, word, few)
    assert (before > 0) == again
    assert compiled(tmp_path, word, more) == before + again
