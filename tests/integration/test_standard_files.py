"""Standard input and outputs of a guest as parameters, and what many processes leave behind."""

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import DEMO, guest

import dbt
from dbt.stops import Exited, UsageError

SUMS = str(guest("callable"))  # prints the sum of the bytes that it reads


def test_bytes_go_in_and_come_out() -> None:
    with dbt.Process(SUMS, env={}, stdin=b"abc", stdout=dbt.CAPTURE) as process:
        assert process.stdout == b""
        assert process.run() == Exited(0)
        assert process.stdout == b"sum 294\n"
        assert process.stderr is None
    assert process.stdout == b"sum 294\n"  # also when it is closed


def test_paths_and_open_files(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"a" * 1000)
    with dbt.Process(SUMS, env={}, stdin=tmp_path / "in", stdout=str(tmp_path / "out")) as process:
        process.run()
    assert (tmp_path / "out").read_text() == "sum 97000\n"
    with open(tmp_path / "in", "rb") as source, open(tmp_path / "out", "w") as sink:
        source.seek(999)
        sink.write("before ")
        with dbt.Process(SUMS, env={}, stdin=source, stdout=sink) as process:
            process.run()
    assert (tmp_path / "out").read_text() == "before sum 97\n"
    with dbt.Process(SUMS, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        process.run()
        assert process.stdout == b"sum 0\n"


def test_standard_error_goes_where_output_goes() -> None:
    arguments = {"stdout": dbt.CAPTURE, "stderr": subprocess.STDOUT}
    with dbt.Process(SUMS, env={}, stdin=b"", **arguments) as process:  # type: ignore[arg-type]
        process.call("write_file", 2, b"error\n", 6)
        process.run()
        assert process.stdout == b"error\nsum 0\n"


def test_a_snapshot_undoes_what_was_read_and_captured() -> None:
    with dbt.Process(SUMS, env={}, stdin=b"abc", stdout=dbt.CAPTURE) as process:
        process.call("write_file", 1, b"first\n", 6)
        snapshot = process.snapshot()
        for _ in range(3):
            process.run()
            assert process.stdout == b"first\nsum 294\n"
            process.restore(snapshot)
            assert process.stdout == b"first\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stdin": dbt.CAPTURE}, "stdin is None, bytes, a path"),
        ({"stdout": b"bytes"}, "stdout is None, dbt.CAPTURE, a path"),
        ({"stdout": subprocess.STDOUT}, "stdout is None"),
        ({"stderr": 1.5}, "stderr is None"),
        ({"stdout": True}, "stdout is None"),
        ({"stdin": "/no/such/file"}, "stdin: '/no/such/file': No such file"),
        ({"stdout": 999}, "stdout is None"),
    ],
)
def test_what_is_no_file_is_refused(arguments: dict[str, object], message: str) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(UsageError, match=re.escape(message)):
        dbt.Process(SUMS, env={}, **arguments)  # type: ignore[arg-type]
    assert sorted(os.listdir("/proc/self/fd")) == before


MANY = """
import os, dbt
def use(close):
    process = dbt.Process({demo!r}, ["2"], env={{}}, stdin=b"", stdout=dbt.CAPTURE, stderr=dbt.CAPTURE)
    process.run(max_insns=100)
    snapshot = process.snapshot()
    process.run()
    process.restore(snapshot)
    if close:
        process.close()
def held():
    with open("/proc/self/maps") as file:
        return len(os.listdir("/proc/self/fd")), len(file.readlines())
for count in range(10):
    use(count % 2)
before = held()
for count in range(60):
    use(count % 2)
after = held()
print(after[0] - before[0], after[1] - before[1])
"""


def test_many_processes_leave_nothing_behind() -> None:
    program = MANY.format(demo=str(DEMO))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    descriptors, mappings = map(int, done.stdout.split())
    assert descriptors == 0
    assert mappings < 30  # less than one for two processes


def test_a_process_that_is_dropped_with_its_snapshot_is_closed() -> None:
    process = dbt.Process(SUMS, env={}, stdin=b"")
    before = len(os.listdir("/proc/self/fd"))
    snapshot = process.snapshot()
    del process, snapshot
    assert len(os.listdir("/proc/self/fd")) < before
    gc.collect()
