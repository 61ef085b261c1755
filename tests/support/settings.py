"""Guest programs in the product of settings: tier, unit, memory checks, the library on disk, and
compilation on another core. Standard output, exit status and files must be qemu-arm's, and our own
guests must execute as many instructions in every setting.

    python -m support.settings --seconds 600 --seed 1          (with tests on PYTHONPATH)

Rows are run in an order in which every two values soon meet: those of two settings, and of a setting
and a program.
"""

import argparse
import functools
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
from support import busybox_cases, chunks, debian_cases, guest_cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.guests import ROOT
from support.oracle import BASE_ENV, HOT_OF_DEBIAN, QEMU, Case, Fresh, listing, qemu_result

BUSYBOX = ("sha1", "crc32", "xzcat", "expr-match")
DEBIAN = ("sort", "lua", "perl", "sqlite")
HOT = "20"
HIDDEN = ("-U", "ARMDBT_CACHE", "-U", "PYTHONPATH")
"""What the host process needs, and a guest shall not see."""


@attrs.frozen
class Setting:
    """A value of each factor."""

    tier: str
    unit: str
    memory: str
    library: str
    background: str

    @property
    def sensible(self) -> bool:
        """False for one that does what another does: what is compiled quickly is single blocks, and
        only tier auto compiles on another core."""
        units = self.unit == "block" or self.tier in ("2", "auto")
        return units and (self.background == "off" or self.tier == "auto")

    def options(self, hot: str) -> tuple[str, ...]:
        """Options of the command line."""
        promotes = self.tier == "auto" or (self.tier == "2" and self.unit != "block")
        return (
            *("--tier", self.tier, "--unit", self.unit, "--memory-checks", self.memory),
            *("--background", self.background, *(("--hot", hot) if promotes else ())),
        )

    def __str__(self) -> str:
        return f"{' '.join(self.options(HOT)[:8])}, library {self.library}"


LIBRARIES = ("warm", "cold", "damaged")
PRODUCT = tuple(
    setting
    for values in itertools.product(
        ("0", "1", "2", "auto"), ("block", "loop", "function"), ("explicit", "mmu"), LIBRARIES,
        ("off", "on"),
    )
    if (setting := Setting(*values)).sensible
)  # fmt: skip
PLAIN = Setting("0", "block", "explicit", "warm", "off")
"""Where instructions are counted for all others."""


@functools.cache
def cases() -> tuple[Case, ...]:
    """Our guests, and some of Debian's programs where they are at hand."""
    found = guest_cases.cases()
    if is_whole(DEFAULT_ROOT) and shutil.which(QEMU):
        found += [case for case in busybox_cases.cases() if case.name in BUSYBOX]
        found += [case for case in debian_cases.cases() if case.name in DEBIAN]
    return tuple(found)


Row = tuple[Case, Setting]


def _pairs(row: Row) -> set[object]:
    case, setting = row
    return {*itertools.combinations((("case", case.name), *attrs.asdict(setting).items()), 2)}


@functools.cache
def rows(seed: int) -> tuple[Row, ...]:
    """All rows in an order drawn, those first that let two values meet which have not met."""
    drawn = list(itertools.product(cases(), PRODUCT))
    random.Random(seed).shuffle(drawn)
    met: set[object] = set()
    first, rest = list[Row](), list[Row]()
    for row in drawn:
        (rest if _pairs(row) <= met else first).append(row)
        met |= _pairs(row)
    return (*first, *rest)


# -- a run -----------------------------------------------------------------------------------------


def _damaged(source: Path, to: Path, draw: random.Random) -> None:
    """Copy a library, each of its files with a few bytes changed, or cut."""
    for path in sorted(source.glob("*.o")):
        content = bytearray(path.read_bytes())
        if draw.random() < 0.3:
            del content[draw.randrange(len(content)) :]
        for _ in range(3 if content else 0):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        (to / path.name).write_bytes(content)
        (to / path.name).chmod(0o600)


Found = dict[str, object]


@attrs.frozen
class Runs:
    """Runs of cases, with a warm library of their own in ``home``."""

    seed: int
    home: Path

    def run(self, piece: int) -> list[str]:
        """Run a row; how it differs."""
        case, setting = rows(self.seed)[piece]
        found, expected = self.found(case, setting, f"{self.seed} {piece}"), self.expected(case)
        return [
            f"{case.name}, {setting}: {what} {found[what]!r:.500}, not {wanted!r:.500}"
            for what, wanted in expected.items()
            if found[what] != wanted
        ]

    def expected(self, case: Case) -> Found:
        """What qemu-arm does, and how many instructions of our guests are executed."""
        return _expected(self, case)

    def found(self, case: Case, setting: Setting, draw: str = "") -> Found:
        """What armdbt does."""
        warm = self.home / "warm"
        warm.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="armdbt-settings-") as name:
            cache = warm if setting.library == "warm" else Path(name)
            if setting.library == "damaged":
                _damaged(warm, cache, random.Random(draw))
            return self._run(case, setting, cache)

    def _run(self, case: Case, setting: Setting, cache: Path) -> Found:
        hot = HOT_OF_DEBIAN if case.argv[0].startswith(str(DEFAULT_ROOT)) else HOT
        with Fresh(case) as fresh, fresh.stdin.open("rb") as stdin:
            figures = fresh.home / "stats.json"
            done = subprocess.run(
                [sys.executable, "-m", "dbt", "run", *HIDDEN, "--stats-json", str(figures),
                 *case.options, *setting.options(hot), *case.argv],
                stdin=stdin,
                capture_output=True,
                cwd=fresh.work,
                env={**BASE_ENV, **case.env, "ARMDBT_CACHE": str(cache), "PYTHONPATH": str(ROOT)},
                timeout=case.timeout,
                check=False,
                start_new_session=True,
            )  # fmt: skip
            status = done.returncode if done.returncode >= 0 else 128 - done.returncode
            trace = done.stderr if b"Traceback (most recent call last)" in done.stderr else b""
            count = json.loads(figures.read_text())["instructions"] if figures.exists() else None
            return {
                "stdout": done.stdout, "status": status, "files": listing(fresh.work),
                "trace": trace, "instructions": count,
            }  # fmt: skip


@functools.cache
def _expected(runs: Runs, case: Case) -> Found:
    theirs = qemu_result(case)
    wanted: Found = {
        "stdout": theirs.outcome.stdout, "status": theirs.outcome.status, "files": theirs.files,
        "trace": b"",
    }  # fmt: skip
    if not case.argv[0].startswith(str(DEFAULT_ROOT)):
        wanted["instructions"] = runs.found(case, PLAIN)["instructions"]
    return wanted


# -- the campaign ----------------------------------------------------------------------------------


def campaign(
    runs: Runs, pieces: Sequence[int], jobs: int, over: Callable[[], bool]
) -> Iterator[tuple[int, list[str]]]:
    """Run rows until it is over; each with its differences."""
    for piece, differences in chunks.results(runs.run, pieces, jobs):
        yield piece, differences
        if over():
            return


def main() -> int:
    """Run a campaign, print its figures and differences; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chunks.arguments(parser)
    parser.add_argument("--seconds", type=float, help="begin no run after this time")
    args = parser.parse_args()
    if shutil.which(QEMU) is None:
        parser.error("needs qemu-arm (Debian: qemu-user)")
    every = rows(args.seed)
    pieces = chunks.chosen(parser, args, len(every))
    progress = chunks.Progress("runs", len(pieces))
    done, differences, met = 0, list[str](), set[object]()
    with tempfile.TemporaryDirectory(prefix="armdbt-warm-") as home:
        runs = Runs(args.seed, Path(home))
        runs.found(every[0][0], PLAIN)  # the execution loop is there from now on
        limit = args.seconds
        for piece, found in campaign(
            runs, pieces, args.jobs, lambda: limit is not None and progress.seconds > limit
        ):
            done += 1
            for text in found:
                differences.append(f"piece {piece}: {text}")
                print(differences[-1], file=sys.stderr, flush=True)
            met |= _pairs(every[piece])
            progress.tell(done, len(differences))
    pairs = len(set[object]().union(*map(_pairs, every)))
    print(f"{done} of {len(every)} runs, {len(met)} of {pairs} pairs of values, seed {args.seed}")
    for text in differences[: args.show]:
        print(text)
    print(f"  {len(differences)} differences")
    result = {"seed": args.seed, "runs": done, "pairs": len(met), "of pairs": pairs}
    chunks.write(args.json, {**result, "seconds": progress.seconds, "differences": differences})
    return int(bool(differences))


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
