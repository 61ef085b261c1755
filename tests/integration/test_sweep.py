"""Sweeps, here and on a real scheduler with two workers, of which one is killed."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support import sweeps
from support.guests import DEMO, GUESTS, ROOT
from support.oracle import lacking

import dbt
from dbt.experiments.harness.isolation import Died, in_fresh_interpreter
from dbt.stops import UsageError
from dbt.sweeping import Run

GRID = {"seed": [1], "chain": ["off", "all"], "plan": ["", "write: EIO after 1"]}


CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as started:
        print(started.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, which are not children of this process: other
    tests look at its children and threads."""
    if importlib.util.find_spec("distributed") is None:
        lacking("needs dask.distributed (extra cluster)")
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}) as started:  # fmt: skip
        assert started.stdout is not None
        yield started.stdout.readline().strip()
        assert started.stdin is not None
        started.stdin.close()


def sweep(*args: Any, **how: Any) -> list[Run]:
    """``dbt.sweep`` in another process, too."""
    return in_fresh_interpreter(partial(dbt.sweep, *args, **how))


def test_a_grid_of_chain_policies_seeds_and_faults(cluster: str, tmp_path: Path) -> None:
    """Where a sweep runs does not show in its results, nor in its file."""
    here = sweep(sweeps.watched, GRID, json=tmp_path / "here")
    there = sweep(sweeps.watched, GRID, cluster=cluster, json=tmp_path / "there")
    assert here == there
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    rows = json.loads((tmp_path / "there").read_text())
    assert [row["parameters"] for row in rows] == [
        {"seed": seed, "chain": chain, "plan": plan}
        for seed in GRID["seed"] for chain in GRID["chain"] for plan in GRID["plan"]
    ]  # fmt: skip
    assert all(row["error"] is None for row in rows)
    assert len({row["value"]["output"] for row in rows}) == 2  # a plan cuts it short
    assert len({row["value"]["instructions"] for row in rows if row["parameters"]["plan"]}) == 1


def test_a_worker_that_is_killed_in_the_middle(cluster: str, tmp_path: Path) -> None:
    flag = tmp_path / "killed"
    parameters = [{"number": n, "victim": 2, "flag": str(flag)} for n in range(6)]
    runs = sweep(sweeps.square_and_kill, parameters, cluster=cluster)
    assert flag.exists()
    assert [run.value for run in runs] == [n * n for n in range(6)]
    assert not any(run.error for run in runs)


@pytest.mark.parametrize(("times", "done"), [(2, True), (3, False)])
def test_what_fails_is_done_again(times: int, done: bool, cluster: str, tmp_path: Path) -> None:
    parameters = {"number": [7], "times": [times], "directory": [str(tmp_path)]}
    (run,) = sweep(sweeps.fails, parameters, cluster=cluster, retries=2)
    assert len(list(tmp_path.iterdir())) == 3
    assert run.value == (7 if done else None)
    assert run.error == (None if done else "fails: ValueError: 7 fails")


@pytest.mark.parametrize("there", [False, True])
def test_one_that_crashes_leaves_the_others(there: bool, cluster: str) -> None:
    runs = sweep(sweeps.crashes, {"number": range(3)}, cluster=cluster if there else None)
    assert [run.value for run in runs] == [0, None, 2]
    assert [run.error for run in runs] == [None, "crashes (SIGSEGV)", None]


@pytest.mark.parametrize("there", [False, True])
def test_a_result_that_cannot_be_sent(there: bool, cluster: str) -> None:
    where = cluster if there else None
    (run,) = sweep(sweeps.no_result, {"number": [7]}, cluster=where, retries=0)
    assert run.value is None
    assert run.error is not None
    assert run.error.startswith("no_result(number=7) returns what cannot be pickled (")
    assert run.error.endswith("): return numbers, texts, bytes, arrays, or lists and dicts of them")


def test_a_laboratory_is_swept(cluster: str) -> None:
    options = {"short": True, "tiers": "0", "repeats": 1, "program": DEMO, "args": ["5"]}
    runs = sweep("chaining", [{**options, "seed": seed} for seed in (1, 2)], cluster=cluster)
    assert [run.error for run in runs] == [None, None]
    assert [run.value["plan"]["seed"] for run in runs] == [1, 2]
    assert {run.value["experiment"] for run in runs} == {"chaining"}


@pytest.mark.parametrize(
    ("function", "parameters", "how", "why"),
    [
        (sweeps.square, [{"nmber": 1}], {}, "the function does not take nmber"),
        (sweeps.square, [3], {}, "parameters are mappings of names to values, not 3"),
        (3, [{"number": 3}], {}, "what is swept is a function, not 3"),
        ("chainig", [{}], {}, "no experiment 'chainig'; did you mean 'chaining'"),
        (sweeps.square, [{"number": 1}], {"cluster": "local:0"}, "is ADDRESS or local:N, N work"),
        (sweeps.square, [{"number": 1}], {"retries": -1}, "retries is at least 0"),
        (sweeps.no_json, [{}], {"json": "out"}, "the result of {} cannot be written as JSON"),
        (
            sweeps.square,
            [{"number": {1}}],
            {"json": "out"},
            "the parameters cannot be written as J",
        ),
    ],
)
def test_what_makes_no_sense(
    function: Any, parameters: Any, how: dict[str, Any], why: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=why):
        dbt.sweep(function, parameters, **how)
    assert not list(tmp_path.iterdir())


def test_no_scheduler(cluster: str) -> None:
    with pytest.raises(Died, match="fails: UsageError: no scheduler of dask answers at tcp://127"):
        in_fresh_interpreter(sweeps.nowhere)


@pytest.mark.parametrize("where", [None, "local:2"])
def test_an_interrupted_sweep_keeps_what_is_done(where: str | None, tmp_path: Path) -> None:
    script = f"""
import sys
sys.path[:0] = {[str(ROOT / "tests"), str(ROOT)]!r}
import dbt
from support import sweeps
if __name__ == "__main__":
    dbt.sweep(sweeps.slow, {{"number": {NUMBERS}}}, cluster={where!r}, json="out")
"""
    (tmp_path / "script.py").write_text(script)
    running = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE)
    _await_last_run(running)
    children = list(_descendants(running.pid))
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in told, told
    last = told.decode().splitlines()[-1]
    assert re.fullmatch(r"armdbt: SIGTERM has ended the sweep: \d of 5 runs are done", last)
    assert children
    assert not any(_command(pid) for pid in children)
    rows = json.loads((tmp_path / "out").read_text())
    assert [row["parameters"]["number"] for row in rows] == NUMBERS
    done = [(row["value"], row["error"]) for row in rows]
    assert done[0] == (0, None)
    assert done[-1] == (None, "not done: SIGTERM")
    assert set(done) == {done[0], done[-1]}


def test_an_interruption_at_the_end_keeps_everything(tmp_path: Path) -> None:
    """SIGTERM comes while the file is written: it is written anew."""
    script = """
import os, signal
import dbt
from dbt import sweeping
def dump(rows, stream, dump=sweeping.dump):
    stream.write("half")
    sweeping.dump = dump
    os.kill(os.getpid(), signal.SIGTERM)
sweeping.dump = dump
dbt.sweep(lambda number: number, [{"number": 3}], json="out")
"""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, check=False, cwd=tmp_path, stderr=subprocess.PIPE)
    assert ended.returncode == 128 + signal.SIGTERM
    told = ended.stderr.decode().splitlines()
    assert told == ["armdbt: SIGTERM has ended the sweep: 1 of 1 runs are done"]
    (row,) = json.loads((tmp_path / "out").read_text())
    assert (row["value"], row["error"]) == (3, None)


NUMBERS = [0, 0, 0, 0, 1]
"""The last one takes two minutes."""


def _await_last_run(running: "subprocess.Popen[bytes]") -> None:
    """Wait until only the last run has an interpreter."""
    seen: set[int] = set()
    deadline = time.monotonic() + 120
    while True:
        now = {pid for pid in _descendants(running.pid) if b"_serve(" in _command(pid)}
        seen |= now
        if len(seen) == len(NUMBERS) and len(now) == 1:
            return
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _descendants(pid: int) -> Iterator[int]:
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))
    except OSError:  # it has gone
        return


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


# -- armdbt bench --cluster ------------------------------------------------------------------------


def bench(directory: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "dbt", "bench", words[0], "--json", "out", *words[1:]], cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    result: dict[str, Any] = json.loads((directory / "out").read_text())
    return result


def test_chain_policies_on_a_cluster_give_the_same_file(cluster: str, tmp_path: Path) -> None:
    words = ("chaining", "--short", "--tiers", "0", "--repeats", "2")
    program = (str(DEMO), "20")
    there = bench(tmp_path, *words, "--cluster", cluster, *program)
    here = bench(tmp_path, *words, *program)
    about = there.pop("cluster")
    assert about["where"] == cluster
    assert len(about["processors"]) == 1
    assert there.keys() == here.keys()
    assert there["repeats"] == here["repeats"] == 2
    for ours, theirs in zip(here["rows"], there["rows"], strict=True):
        assert ours.keys() == theirs.keys()
        assert len(theirs["seconds"]) == 2
        for exact in ("series", "label", "instructions", "output_sha256", "denied_pcs"):
            assert ours[exact] == theirs[exact]


def test_a_matrix_of_idioms_on_a_cluster_is_the_same(cluster: str, tmp_path: Path) -> None:
    suite = tmp_path / "suite"
    suite.mkdir()
    for path in sorted((GUESTS / "idioms").glob("*.elf"))[:2]:
        shutil.copy(path, suite)
    words = ("interception", "--suite", str(suite), "--mechanism", "entry", "--no-peers")
    there = bench(tmp_path, *words, "--cluster", cluster)
    here = bench(tmp_path, *words)
    assert len(here["rows"]) == 2
    assert there["rows"] == here["rows"]
    assert there["contenders"] == here["contenders"]
