"""Run the programs with threads with many seeds, and compare each run with what is right.

    python -m support.thread_campaign --seeds 100 --first 0     (with tests on PYTHONPATH)

With each seed the pthread and the signal program run in ARM or Thumb state, in tier 0 and in one
more of the settings, which take turns (all of them with ``--all``); where all of their code would
be compiled, with some seeds. They have to print what they always print. The program that increments
has to execute as many instructions in each setting, and as many again in a second run: nothing in
it waits for the clock. Turns are short with odd seeds.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM

from support.thread_programs import ARM, SETTINGS, SIGNALS, THREADS, THUMB, build

from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.process import Process
from dbt.stops import Exited, Killed, Stop

TIMEOUT = 300
COPIED: dict[str, object] = {"tier": "0"}
RIGHT = {"threads": THREADS, "thread_signals": SIGNALS}
COMPILED = ("compiled", "regions", "auto")
INCREMENTS = "3200 32 3228\n"


def run(
    built: str, seed: int, turn: int | None, setting: dict[str, object]
) -> tuple[str, Stop, int]:
    """What a program prints, how it ends, and how many instructions it executes."""
    options = dict(setting)
    chain = str(options.pop("chain", "all"))
    linux = LinuxOptions(seed=1, sched_seed=seed, turn=turn)
    tier = BackendOptions(**options)  # type: ignore[arg-type]
    sys.stdout.flush()
    kept = os.dup(1)
    with tempfile.TemporaryFile() as out:
        os.dup2(out.fileno(), 1)
        try:
            with Process(built, env={}, linux=linux, chain=chain, options=tier) as process:
                stop = process.run(timeout=TIMEOUT)
                executed = process.engine.executed
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        out.seek(0)
        return out.read().decode(errors="replace"), stop, executed


def programs(seed: int, setting: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The programs to run in a setting, with the options of their state. To compile all of their
    code takes long: it is done with some seeds."""
    state = (ARM, THUMB)[seed // 2 % 2]
    names = RIGHT if setting not in COMPILED or seed // len(SETTINGS) % 10 == 9 else ()
    return ((name, state) for name in names)


def ends_well(name: str, stop: Stop) -> bool:
    """Whether a program has ended as it should."""
    if name == "thread_signals":
        return isinstance(stop, Killed) and stop.signal == SIGTERM
    return stop == Exited(0)


def differences(home: Path, seed: int, settings: list[str]) -> Iterator[str]:
    """What is wrong with the runs of a seed, a line each."""
    ways = {"copied": COPIED, **{name: SETTINGS[name] for name in settings}}
    turn = 2000 if seed % 2 else None
    for setting, options in ways.items():
        for name, state in programs(seed, setting):
            out, stop, _ = run(build(home, name, *state), seed, turn, options)
            if out != RIGHT[name] or not ends_well(name, stop):
                yield f"{name} {state[0]} {setting}: {type(stop).__name__}, {out!r}"
    counting = build(home, "increments", *ARM, "-DN=400")
    first = run(counting, seed, 300, COPIED)
    if first[:2] != (INCREMENTS, Exited(0)):
        yield f"increments: {first}"
    for setting, options in ways.items():
        again = run(counting, seed, 300, options)
        if again != first:
            yield f"increments {setting}: {again} in place of {first}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="every setting with every seed")
    wanted = parser.parse_args()
    names, found = list(SETTINGS), 0
    with tempfile.TemporaryDirectory() as home:
        for seed in range(wanted.first, wanted.first + wanted.seeds):
            began = time.monotonic()
            settings = names if wanted.all else [names[seed % len(names)]]
            for line in differences(Path(home), seed, settings):
                found += 1
                print(f"seed {seed}: {line}", flush=True)
            seconds = time.monotonic() - began
            print(f"seed {seed}: {', '.join(settings)}, {seconds:.0f} s", flush=True)
    print(f"{wanted.seeds} seeds, {found} differences")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
