"""The list of all system calls in docs/syscalls.md, made from the tables.

    PYTHONPATH=tests python -m support.syscall_page      (make syscalls)

rewrites what is between the two marks of the page.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dbt.linux.absent import ABSENT
from dbt.linux.calls.misc import refused
from dbt.linux.kernel import load_families
from dbt.linux.table import SYSCALLS
from frontends.arm.syscall_names import OABI, OABI_ONLY

PAGE = Path(__file__).resolve().parents[2] / "docs" / "syscalls.md"
BEGIN = "<!-- made by `make syscalls` from the tables -->\n"
END = "<!-- end of what is made -->\n"
_WIDTH = 160


def lines(names: Iterable[str]) -> Iterator[str]:
    """Names in backticks, in lines of a page."""
    line = ""
    for name in names:
        shown = f"`{name}`"
        if line and len(line) + len(shown) >= _WIDTH:
            yield line
            line = ""
        line = f"{line} {shown}" if line else shown
    if line:
        yield line


def section() -> str:
    """What belongs between the marks. Calls are in the order of their numbers."""
    load_families()
    served = [name for name in OABI.values() if name in SYSCALLS]
    privileged = [name for name in served if SYSCALLS[name].handler is refused]
    served = [name for name in served if name not in privileged]
    old = f"Those of the OABI alone: {', '.join(f'`{name}`' for name in OABI_ONLY.values())}."
    absent: dict[str, list[str]] = {}
    for name in filter(ABSENT.__contains__, OABI.values()):
        absent.setdefault(ABSENT[name], []).append(name)
    rows = [
        f"| {reason} | {' '.join(f'`{name}`' for name in names)} |"
        for reason, names in absent.items()
    ]
    parts = [
        f"{len(served)} calls are served. {old}\n",
        *lines(served),
        f"\n{len(privileged)} are for root, whom no guest is: EPERM.\n",
        *lines(privileged),
        f"\n{len(ABSENT)} are not there: ENOSYS.\n",
        "| reason | calls |",
        "| --- | --- |",
        *rows,
    ]
    return "\n".join(parts) + "\n"


def split(page: str) -> tuple[str, str, str]:
    """The page before, between and behind the marks. Raises ValueError without them."""
    head, begin, rest = page.partition(BEGIN)
    made, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("docs/syscalls.md has lost its marks")
    return head + begin, made, end + tail


def main() -> None:
    head, _, tail = split(PAGE.read_text())
    PAGE.write_text(head + section() + tail)


if __name__ == "__main__":
    main()
