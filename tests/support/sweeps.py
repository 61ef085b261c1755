"""What the tests of sweeps run: functions that workers can import."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import dbt
from dbt.data import DEMO
from dbt.experiments.harness import cluster
from dbt.hooks.faults import FaultPlan


def watched(seed: int, chain: str, plan: str = "") -> dict[str, Any]:
    """Run the bundled program; how it ended, and what is exact."""
    linux = dbt.LinuxOptions(seed=seed)
    with dbt.Process(DEMO, ["5"], env={}, chain=chain, linux=linux, stdout=dbt.CAPTURE) as process:
        if plan:
            FaultPlan.parse(plan).attach(process)
        stop = process.run()
        instructions, output = process.stats()["instructions"], process.stdout
    assert output is not None
    return {"stop": str(stop), "instructions": instructions, "output": output.decode()}


def square(number: int) -> int:
    return number * number


def square_and_kill(number: int, victim: int, flag: str) -> int:
    """The worker of the victim is killed, once."""
    if number == victim and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return number * number


def fails(number: int, times: int, directory: str) -> int:
    """Fail so often, then return the number; the directory has a file for each call."""
    before = len(list(Path(directory).glob(f"{number}.*")))
    (Path(directory) / f"{number}.{before}").touch()
    if before < times:
        raise ValueError(f"{number} fails")
    return number


def crashes(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return number


def slow(number: int) -> int:
    if number:
        time.sleep(120)
    return number


def no_json() -> object:
    return {1, 2}


def nowhere() -> None:
    """Sweep on a scheduler that there is not, and do not wait long."""
    cluster.CONNECT_SECONDS = 1
    dbt.sweep(square, {"number": [1]}, cluster="tcp://127.0.0.1:9")


def no_result(number: int) -> Any:
    return [lambda: number]
