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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")
LINE_SECONDS = 60.0
"""Between two lines of progress; on a terminal they replace each other ten times as often."""


def arguments(parser: argparse.ArgumentParser, *, resumes: bool = False) -> None:
    """Add the options of a campaign that is done in pieces. With ``resumes`` it can go on with what
    was done before (``Ledger``)."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), help="processes")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--piece",
        dest="pieces",
        type=_piece,
        metavar="N",
        help="do only this one, in this process",
    )
    which.add_argument(
        "--pieces", type=_pieces, metavar="A:B", help="do only those from A on, up to B - 1"
    )
    parser.add_argument("--json", type=Path, help="write the result to this file")
    if resumes:
        parser.add_argument(
            "--resume",
            action="store_true",
            help="add to the result in the file of --json; leave out the pieces that it has",
        )
    parser.add_argument("--show", type=int, default=20, help="differences to print")


def chosen(parser: argparse.ArgumentParser, args: argparse.Namespace, every: int) -> range:
    """The pieces that the command line chooses of so many. Ends the program if it has no such
    pieces."""
    pieces: range = range(every) if args.pieces is None else args.pieces
    if pieces.stop > every:
        parser.error(f"there are only {every} pieces, 0 to {every - 1}")
    return pieces


def _piece(text: str) -> range:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a piece")
    return range(int(text), int(text) + 1)


def _pieces(text: str) -> range:
    first, colon, past = text.partition(":")
    if not (colon and first.isdecimal() and past.isdecimal() and int(first) < int(past)):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of pieces (A:B, A less than B)")
    return range(int(first), int(past))


def positive(text: str) -> int:
    """A number from 1 on, for an option's ``type``."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
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
        self._begun = self._told = self._lap = time.monotonic()
        self._replaced = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._begun

    def lap(self) -> float:
        """The seconds since it was asked last, or since the beginning."""
        now = time.monotonic()
        since, self._lap = now - self._lap, now
        return since

    def tell(self, done: int, differences: int) -> None:
        """So much is done; says so when it is time to."""
        now = time.monotonic()
        if now - self._told < LINE_SECONDS / (10 if self._replaced else 1):
            return
        self._told = now
        left = (now - self._begun) * (self._total - done) / max(1, done)
        line = f"{done} of {self._total} {self._what}, {differences} differences, {left:.0f} s left"
        print(line, end="\r" if self._replaced else "\n", file=sys.stderr, flush=True)


class NotResumable(ValueError):
    """A result is of another campaign; its text says how one sees that."""


class Ledger:
    """The figures of a campaign: the sums of those of its pieces, which are plain data.

    ``what`` says which campaign it is, ``every`` how many pieces it has. ``data`` can be written as
    JSON, and a ledger of the same campaign can go on with it, maybe in another process.
    """

    def __init__(self, what: dict[str, Any], every: int) -> None:
        self._what: dict[str, Any] = json.loads(json.dumps(what))
        self.every = every
        self.done: set[int] = set()
        """The pieces that are in the sums."""
        self.figures: dict[str, Any] = {}
        self.seconds = 0.0

    def __str__(self) -> str:
        return f"{len(self.done)} of {self.every} pieces"

    def left(self, pieces: Iterable[int]) -> list[int]:
        """Those of some pieces that are not done."""
        return [piece for piece in pieces if piece not in self.done]

    def add(self, piece: int, figures: dict[str, Any], seconds: float = 0.0) -> None:
        """Add the figures of a piece, and the seconds since the last one."""
        self.done.add(piece)
        self.figures = _sum(self.figures, figures)
        self.seconds += seconds

    @property
    def data(self) -> dict[str, Any]:
        """Everything; ``pieces`` has the ranges that are done, each as its first and the one behind
        its last."""
        return {
            "campaign": self._what,
            "pieces": _ranges(self.done),
            "of pieces": self.every,
            "seconds": round(self.seconds, 1),
            "figures": self.figures,
        }

    def resume(self, data: dict[str, Any]) -> None:
        """Go on with what another ledger has returned as ``data``. Raises NotResumable for one of
        another campaign."""
        for name, value in self._what.items():
            other = data["campaign"].get(name)
            if other != value:
                raise NotResumable(f"it is of another campaign: its {name} is {other}, not {value}")
        self.done = {n for first, past in data["pieces"] for n in range(first, past)}
        self.figures, self.seconds = data["figures"], data["seconds"]


def _sum(some: Any, more: Any) -> Any:
    """The sum of numbers, of dictionaries by key, or a list behind another."""
    if not isinstance(more, dict):
        return some + more
    both = {name: _sum(some[name], more[name]) for name in more if name in some}
    return {**some, **more, **both}


def _ranges(numbers: Collection[int]) -> list[list[int]]:
    """Numbers as ranges: the first of each, and the one behind its last."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number:
            found[-1][1] += 1
        else:
            found.append([number, number + 1])
    return found


def resume(parser: argparse.ArgumentParser, args: argparse.Namespace, *ledgers: Ledger) -> None:
    """Let ledgers go on with what ``write_all`` has kept, if the command line says so. Ends the
    program if that cannot be."""
    if not args.resume:
        return
    if args.json is None:
        parser.error("--resume needs --json, the file to go on with")
    if not args.json.exists():
        return
    try:
        kept = json.loads(args.json.read_text())["campaigns"]
        if len(kept) != len(ledgers):
            raise NotResumable(f"it has {len(kept)} campaigns, not {len(ledgers)}")
        for ledger, data in zip(ledgers, kept, strict=True):
            ledger.resume(data)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        words = str(error) if isinstance(error, NotResumable) else "it is no result of a campaign"
        parser.error(f"cannot go on with {args.json}: {words}")


def write_all(path: Path | None, ledgers: Iterable[Ledger]) -> None:
    """Write ledgers as JSON, if there is a file to write it to."""
    write(path, {"campaigns": [ledger.data for ledger in ledgers]})


def write(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result as JSON, if there is a file to write it to. Who is interrupted leaves the
    former one."""
    if path is not None:
        new = path.with_name(path.name + ".new")
        new.write_text(json.dumps(result, indent=1) + "\n")
        new.replace(path)
