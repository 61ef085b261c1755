"""Run the unit and integration tests again and again, on two workers, until one run fails.

    python -m support.soak --runs 20        (with tests on PYTHONPATH)

Every run takes another turn (``support/rotation.py``); every fourth has its address space filled
(``support/crowded.py``). A lost worker is a failure. Of each run its last line is printed, and
pytest's summary of warnings when there were any.
"""

import argparse
import os
import subprocess
import sys
import time

from support.guests import ROOT

COMMAND = (
    *(sys.executable, "-m", "pytest", "-q", "-x", "-n", "2", "--dist", "worksteal"),
    *("--max-worker-restart", "0", "-p", "no:cacheprovider", "tests/unit", "tests/integration"),
)
CROWDED = 4
"""One run in so many."""
SHOWN = 200
"""Lines of a failed run."""


def run(number: int) -> tuple[bool, str]:
    """Whether a run was without failure, and what it said."""
    env = {**os.environ, "ARMDBT_ROTATION": str(number)}
    if number % CROWDED == 0:
        env["ARMDBT_CROWDED"] = "1"
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode == 0, done.stdout.decode(errors="replace")


def warnings_in(lines: list[str]) -> list[str]:
    """Pytest's summaries of warnings, with their heads. Empty when there was no warning."""
    found: list[str] = []
    inside = False
    for line in lines:
        inside = (inside or " warnings summary " in line) and not line.startswith("-- Docs: ")
        if inside:
            found.append(line)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    for number in range(1, runs + 1):
        began = time.monotonic()
        good, said = run(number)
        lines = said.splitlines() or ["(nothing said)"]
        seconds = time.monotonic() - began
        where = ", address space filled" if number % CROWDED == 0 else ""
        print(f"run {number} of {runs}: {lines[-1]}, {seconds:.0f} s{where}", flush=True)
        for line in warnings_in(lines):
            print(line, flush=True)
        if not good:
            print("\n".join(lines[-SHOWN:]))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
