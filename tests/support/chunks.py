"""Does the work of a campaign in pieces, in as many processes as one likes: with a line of progress,
and a result as JSON.

A piece is a number; what it draws depends on the seed and on that number alone, so that any piece
can be done again.
"""

import argparse
import concurrent.futures
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")
LINE_SECONDS = 60.0
"""Between two lines of progress; on a terminal they replace each other ten times as often."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a campaign that is done in pieces."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=_positive, default=os.cpu_count(), help="processes")
    parser.add_argument("--piece", type=int, help="do only this one, in this process")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--show", type=int, default=20, help="differences to print")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes (1 or more)")
    return int(text)


def results(
    work: Callable[[int], Result], pieces: Sequence[int], jobs: int
) -> Iterator[tuple[int, Result]]:
    """Do the pieces; yields each with its result when it is done. ``work`` can be pickled. Raises
    BrokenProcessPool when a process was lost."""
    if jobs == 1 or len(pieces) == 1:
        for piece in pieces:
            yield piece, work(piece)
        return
    context = multiprocessing.get_context("spawn")
    left, running = iter(pieces), dict[concurrent.futures.Future[Result], int]()
    with concurrent.futures.ProcessPoolExecutor(jobs, context) as pool:
        while True:
            # No more than can be done at once: what was handed out cannot be taken back.
            for piece in itertools.islice(left, jobs - len(running)):
                running[pool.submit(work, piece)] = piece
            if not running:
                return
            done, _ = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in done:
                yield running.pop(future), future.result()


class Progress:
    """Tells now and then how far a campaign is, on standard error."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._begun = self._told = time.monotonic()
        self._replaced = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._begun

    def tell(self, done: int, differences: int) -> None:
        """So much is done; says so when it is time to."""
        now = time.monotonic()
        if now - self._told < LINE_SECONDS / (10 if self._replaced else 1):
            return
        self._told = now
        left = (now - self._begun) * (self._total - done) / max(1, done)
        line = f"{done} of {self._total} {self._what}, {differences} differences, {left:.0f} s left"
        print(line, end="\r" if self._replaced else "\n", file=sys.stderr, flush=True)


def write(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result as JSON, if there is a file to write it to."""
    if path is not None:
        path.write_text(json.dumps(result, indent=1) + "\n")
