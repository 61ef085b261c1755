"""Everything under docs/experiments, made anew: ``python -m benchmarks.experiments``.

Each experiment is one ``armdbt bench`` command, run from the root of the tree; it leaves JSON, and
beside the pages a table and plots. At the end the tables in the pages are filled in again
(``benchmarks/pages.py``). What measures time runs alone; the idiom suites, which do not, run
together. ``speed-all`` takes about an hour on two idle cores, ``growth-all`` half an hour, and
everything else half an hour.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from benchmarks import pages
from dbt.experiments.harness.host_facts import machine_facts, same_processor

ROOT = Path(__file__).resolve().parents[1]
PAGES = "docs/experiments"
OTHER = f"{PAGES}/other-processor"
SECOND = "second-run"
"""Directory within that of the first run."""
DEBIAN = ".cache/debian-armel"
ROUNDS = 5
AWK = (
    "BEGIN {{ for (i = 1; i < {}; i++) {{ s += i % 7; a[i % 100] = a[i % 100] i % 10 }} print s }}"
)

BASH = "f() {{ local i=$1; ((i)) && f $((i - 1)); }}; f {}; echo done"
"""Few calls of the script are many of bash's functions."""


@attrs.frozen
class Experiment:
    """One command; ``{}`` in the guest's arguments stands for the size, and ``{out}`` in the
    options for the directory of results."""

    name: str
    kind: str
    options: str
    guest: tuple[str, ...] = ()
    size: str = ""
    short_size: str = ""
    plots: bool = True
    timed: bool = True
    rounds: int = ROUNDS
    needs: str | None = None
    """A file that must be there, relative to the tree."""
    again: bool = True
    """Whether a second run is compared with the first."""

    def command(self, out: str, *, short: bool = False, only_json: bool = False) -> list[str]:
        """The words after ``armdbt``."""
        words = ["bench", self.kind, *self.options.replace("{out}", out).split()]
        if self.timed:
            words += ["--repeats", "1" if short else str(self.rounds)]
            words += ["--short"] * (short and self.kind in ("chaining", "growth", "speed"))
        words += ["--json", f"{out}/{self.name}.json"]
        if not only_json:
            words += ["--markdown", f"{out}/{self.name}.md"]
            words += ["--plot", out] * self.plots
        size = self.short_size if short else self.size
        return [*words, *(word.format(size) for word in self.guest)]


def guest(name: str) -> str:
    """A compute program of the benchmarks."""
    return f"benchmarks/guests/{name}.elf"


FIB = (guest("fib"), "{}")
SUITE = "--suite tests/guests/idioms"
CHAINING = "--seed 1 --draws 3 --denied 0,1,10,100"

EXPERIMENTS = (
    Experiment(
        "chaining-demo", "chaining", f"{CHAINING} --tiers 0,2,auto", ("dbt/data/demo.elf", "{}"),
        "4000000", "2000",
    ),
    Experiment("chaining-fib", "chaining", f"{CHAINING} --tiers 2", FIB, "34", "15"),
    Experiment(
        "chaining-bytecode", "chaining", f"{CHAINING} --tiers 2", (guest("bytecode"), "{}"),
        "60000", "200",
    ),
    Experiment(
        "chaining-quicksort", "chaining", f"{CHAINING} --tiers 2 --units block,function",
        (guest("quicksort"), "{}"), "60", "1",
    ),
    Experiment(
        "chaining-busybox", "chaining", f"{CHAINING} --tiers auto",
        (f"{DEBIAN}/bin/busybox", "awk", AWK), "10000", "100",
        needs=f"{DEBIAN}/bin/busybox",
    ),
    Experiment(
        "interception-all", "interception", "--tier 2 --truth-args 8", FIB, "17", "10",
    ),
    Experiment(
        "interception-one", "interception",
        "--tier 2 --function print --truth-args 8 --no-peers", FIB, "36", "20", plots=False,
        rounds=15,  # 2 % are less than the place of code is worth in one process
    ),
    Experiment(
        "interception-bash", "interception", f"--tier auto --no-peers -L {DEBIAN}",
        (f"{DEBIAN}/bin/bash", "--norc", "-c", BASH), "3", "1", plots=False,
        needs=f"{DEBIAN}/bin/bash",
    ),
    Experiment("callbacks-fib", "callbacks", "--tiers 0,2", FIB, "32", "20", plots=False),
    Experiment(
        "speed-all", "speed", f"--first -L {DEBIAN} --history {{out}}/speed-history.jsonl",
        rounds=3, needs=f"{DEBIAN}/bin/busybox", again=False,
    ),
    Experiment("growth-all", "growth", "--seed 1", rounds=3, again=False),
    Experiment(
        "idioms-tier0", "interception", f"--tier 0 {SUITE}", plots=False, timed=False,
    ),
    Experiment(
        "idioms-tier2", "interception", f"--tier 2 --no-peers {SUITE}", plots=False, timed=False,
    ),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Make what was asked for; 0 when all of it was made, 2 when it cannot be."""
    options = _arguments(argv)
    wanted, why = choose(options.names, again=options.again)
    for reason in why:
        print(f"experiments: {reason}", file=sys.stderr)
    if why and options.names:
        return 2
    first = first_run() if options.again else PAGES
    if first is None:
        return 2
    out = options.out or (f"{first}/{SECOND}" if options.again else PAGES)
    only_json = options.again or options.only_json
    commands = {one: one.command(out, short=options.short, only_json=only_json) for one in wanted}
    comparison = _comparison(first, out) if options.again else []
    if options.list:
        for one, words in commands.items():
            print(f"{one.name}: armdbt {shlex.join(words)}")
        if comparison:
            print(f"comparison: armdbt {shlex.join(comparison)}")
        return 0
    (ROOT / out).mkdir(parents=True, exist_ok=True)
    failed = [one.name for one in wanted if one.timed and run({one.name: commands[one]})]
    failed += run({one.name: commands[one] for one in wanted if not one.timed})
    if comparison:  # counts that differ are told there
        subprocess.run(_armdbt(comparison), cwd=ROOT, check=False)
    pages.fill_all(ROOT / (PAGES if options.again else out))
    for reason in [*why, *(f"{name} failed" for name in failed)]:
        print(f"experiments: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="experiments", description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--out", metavar="DIR", help=f"write there, relative to the tree ({PAGES})")
    add("--again", action="store_true", help=f"JSON into {SECOND}/ of the results of this "
        "processor, compared with these")  # fmt: skip
    add("--only-json", action="store_true", help="no tables, no plots")
    add("--short", action="store_true", help="one round, small: to see that it runs")
    add("--list", action="store_true", help="only print the commands")
    add(
        "names", nargs="*", metavar="NAME", help="some of " + ", ".join(e.name for e in EXPERIMENTS)
    )
    return parser.parse_args(argv)


def first_run() -> str | None:
    """The directory whose results were made on a processor as this one; None, and why, if none
    was."""
    here = machine_facts()
    made = {directory: _made_on(ROOT / directory) for directory in (PAGES, OTHER)}
    for directory, facts in made.items():
        if facts is not None and same_processor(facts, here):
            return directory
    known = ", ".join(sorted({facts["cpu"] for facts in made.values() if facts is not None}))
    print(f"experiments: no results of {here['cpu']}, {here['cpu_model']} to compare with "
          f"(there are: {known or 'none'}); --out DIR makes some", file=sys.stderr)  # fmt: skip
    return None


def _made_on(directory: Path) -> Mapping[str, str] | None:
    """Facts of the machine that a directory's results are from."""
    for path in sorted(directory.glob("*.json")):
        facts: Mapping[str, str] = json.loads(path.read_text())["machine"]
        return facts
    return None


def _comparison(first: str, second: str) -> list[str]:
    """The words that lay the second run beside the first."""
    return ["bench", "compare", first, second, "--markdown", f"{second}/comparison.md"]


def choose(names: Iterable[str], *, again: bool = False) -> tuple[list[Experiment], list[str]]:
    """The experiments of these names, or all; and why others are left out. ``again``: those of
    which a second run is compared with the first."""
    known = {one.name: one for one in EXPERIMENTS if one.again or not again}
    chosen = list(dict.fromkeys(names)) or list(known)
    why = [f"{name} is none of {', '.join(known)}" for name in chosen if name not in known]
    found = []
    for name in chosen:
        one = known.get(name)
        if one is None:
            continue
        if one.needs and not (ROOT / one.needs).exists():
            why.append(f"{name} is left out: it needs {one.needs} (make root)")
        else:
            found.append(one)
    return found, why


def run(commands: dict[str, list[str]]) -> list[str]:
    """Run commands side by side; the names of those that failed."""
    began = time.monotonic()
    children = {
        name: subprocess.Popen(_armdbt(words), cwd=ROOT, stdout=subprocess.DEVNULL)
        for name, words in commands.items()
    }
    failed = [name for name, child in children.items() if child.wait()]
    for name in children:
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return failed


def _armdbt(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "dbt", *words]


if __name__ == "__main__":
    sys.exit(main())
