"""``armdbt cache``: what backends keep on disk for later runs."""

import argparse
import contextlib
import os
import time
from collections.abc import Iterable

from dbt.text import printable

HELP = "show or clear the code that is kept on disk for later runs"
EXAMPLES = (
    ("armdbt cache", "what is kept, and where"),
    ("armdbt cache --clear", "the next run makes it anew"),
)
_LONGEST = 4096


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--clear", action="store_true", help="remove the files")
    parser.epilog = (
        "Files are kept beside the package, or in $XDG_CACHE_HOME/armdbt (~/.cache/armdbt). If"
        " ARMDBT_CACHE is set, to an absolute path, they are kept there alone."
    )


def run(arguments: argparse.Namespace) -> int:
    """Print each file with its size in bytes and when it was written, then their sum; or remove
    them. Returns the exit status, 1 when a file could not be removed."""
    paths = _kept()
    if arguments.clear:
        return _clear(paths)
    sizes = [_show(path) for path in paths]
    print(f"{sum(size > 0 for size in sizes)} files, {sum(sizes):,} bytes")
    return 0


def _kept() -> list[str]:
    """The files of all backends."""
    from dbt import plugins

    names = sorted(plugins.available("dbt.backends"))
    return [path for name in names for path in plugins.load("dbt.backends", name)().kept()]


def _show(path: str) -> int:
    """Print a file; its size, or 0 when it has gone meanwhile."""
    try:
        status = os.stat(path)
    except OSError:
        return 0
    written = time.strftime("%Y-%m-%d %H:%M", time.localtime(status.st_mtime))
    print(f"{status.st_size:>12,}  {written}  {printable(path, _LONGEST)}")
    return status.st_size


def _clear(paths: Iterable[str]) -> int:
    """Remove files, which others may do at the same time."""
    removed, failed = 0, 0
    for path in paths:
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
                removed += 1
        except OSError as error:
            failed += 1
            print(f"{printable(path, _LONGEST)}: {error.strerror}")
    print(f"{removed} files removed")
    return 1 if failed else 0
