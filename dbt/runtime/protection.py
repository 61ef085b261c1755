"""Protection of guest pages by the host's MMU: it follows the guest's permission bytes.

A page that the guest may write, and that no translation depends on, is readable and writable; one
that it may only read, or that translations depend on, is readable; any other is neither. So code
that makes no test of its own is stopped at exactly the accesses that the permissions forbid.

Other code of this process may access a page that is protected from it, as Python does for a
debugger: the handler (``backends/native/guard.py``) opens the page and notes that, and ``renew``
protects it again. Calls of the kernel get EFAULT from such a page: ``expose`` comes before them.
"""

from collections.abc import Callable, Iterable, Iterator
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

from dbt.interfaces import CODE, OPENED, PAGE, READ, WRITE
from dbt.runtime.host_map import PROT_NONE, PROT_READ, PROT_WRITE, libc
from dbt.runtime.lost_pages import LostPages

_OPEN = PROT_READ | PROT_WRITE
MOST_BORDERS = 16384
"""Borders between pages of different protection, each of which may cost the host a mapping. Of
those it has 65,530 for a process, and the guest's mapping calls leave 8,192."""


def _of(perms: int) -> int:
    if not perms & READ:
        return PROT_NONE
    return _OPEN if perms & (WRITE | CODE) == WRITE else PROT_READ


_PROTECTION = bytes(_of(perms) for perms in range(256))
"""By permission byte."""
_LONG = 4096
"""Pages of which runs are found by ``re``, which takes some milliseconds to import."""
_GROUP = 512


def _nothing() -> None:
    """``on_lapse`` before it is set."""


class HostProtection:
    """The host's protection of the pages at ``base``, whose permission bytes are ``perms``.
    ``opened`` are the handler's notes (``OPENED_AT``). Pages that are ``lost`` are replaced by open
    ones.

    ``on_lapse`` is called when the protection stops to follow the permissions, because the host has
    no room for more mappings.
    """

    def __init__(self, base: int, perms: memoryview, opened: memoryview, lost: LostPages) -> None:
        self.follows = False
        """Whether the protection follows the permissions. Until then, and after it has lapsed,
        all pages are open."""
        self.on_lapse: Callable[[], None] = _nothing
        self._base, self._perms, self._opened, self._lost = base, perms, opened, lost
        self._set: bytearray | mmap = bytearray()
        """The protection that each page was given. Most are none: the host does not commit what is
        not touched."""
        self._borders = 0
        self._touched: set[int] = set()
        """The groups of pages whose permissions were changed before ``begin``. A look at all pages
        would take 10 ms, for the host to commit the memory that they are in."""
        self._exposed: list[int] = []
        self._lost_notes = lost.notes

    def begin(self) -> None:
        """Protect all pages, and follow every change from now on, if the host has room to note what
        each page was given."""
        if self.follows:
            return
        try:
            self._set = mmap(-1, len(self._perms), flags=MAP_PRIVATE | MAP_ANONYMOUS)
        except OSError:
            return
        self.follows, self._borders = True, 0
        self._protect(0, len(self._perms), PROT_NONE)
        for group in sorted(self._touched):
            first = group * _GROUP
            mapped = bytes(map(bool, self._perms[first : first + _GROUP]))
            for start, end in _runs(mapped):
                if mapped[start]:
                    self.update(first + start, end - start)
        self._touched.clear()

    def update(self, first: int, count: int, *, replaced: bool = False) -> None:
        """Protect pages whose permissions have changed. ``replaced``: the host has mapped new pages
        there, which are open."""
        if not count:
            return
        if not self.follows:
            last = first + count - 1
            self._touched.update(range(first // _GROUP, last // _GROUP + 1))
            return
        wanted = bytes(self._perms[first : first + count]).translate(_PROTECTION)
        if not replaced and self._set[first : first + count] == wanted:
            return
        low, high = max(0, first - 1), first + count + 1
        self._borders -= _borders(self._set[low:high])
        if replaced:
            self._set[first : first + count] = bytes([_OPEN]) * count
        for start, end in _runs(wanted):
            page, given = first + start, wanted[start:end]
            if self._set[page : first + end] != given:
                self._set[page : first + end] = given
                if not self._protect(page, end - start, given[0]):
                    self._lapse()
                    return
        self._borders += _borders(self._set[low:high])
        if self._borders > MOST_BORDERS:
            self._lapse()

    def open(self, first: int, count: int) -> None:
        """Give pages of one mapping the same protection, until ``update``, which is told that they
        were replaced."""
        if self.follows:
            at = self._base + first * PAGE
            if libc.mprotect(at, count * PAGE, _OPEN):
                libc.mprotect(at, count * PAGE, PROT_READ)

    def expose(self, first: int, count: int, *, writable: bool) -> None:
        """Open pages to the kernel, until ``renew``, that the guest's permissions open to it."""
        if not self.follows:
            return
        window = self._set[first : first + count]
        if writable or PROT_NONE in window:
            for page, given in enumerate(window, first):
                if given != _OPEN:
                    self._exposed.append(page)
                    self._open(page, 1)

    def is_intact(self) -> bool:
        """Whether the protection follows the permissions and no page is open. Fast: it is asked
        whenever a hook has run."""
        if self._exposed or not self.follows:
            return False
        return not (self._opened[0] or self._lost_notes[0])

    def renew(self) -> None:
        """Protect pages again that were opened. Called before code without checks runs."""
        for page in self._lost.pages() if self._lost else ():
            self.update(page, 1, replaced=True)
        number = self._opened[0]
        if number or self._exposed:
            pages = set(self._exposed).union(self._opened[1 : 1 + min(number, OPENED)])
            self._exposed = []
            self._opened[0] = 0
            if self.follows:
                self._again(pages if number <= OPENED else range(len(self._set)))

    def _again(self, pages: Iterable[int]) -> None:
        if isinstance(pages, range):
            for start, end in _runs(bytes(self._set)):
                self._protect(start, end - start, self._set[start])
            return
        for page in pages:
            self._protect(page, 1, self._set[page])

    def _protect(self, page: int, count: int, protection: int) -> bool:
        at = self._base + page * PAGE
        return bool(libc.mprotect(at, count * PAGE, protection) == 0)

    def _open(self, page: int, count: int) -> None:
        """Open pages, to reading alone where the host refuses more: in a mapping of a file that may
        not be written."""
        if self._protect(page, count, _OPEN):
            return
        if count == 1:
            self._protect(page, 1, PROT_READ)
            return
        half = count // 2
        self._open(page, half)
        self._open(page + half, count - half)

    def _lapse(self) -> None:
        self.end()
        self.on_lapse()

    def end(self) -> None:
        """Open all pages, and follow no more."""
        self.follows = False
        if not self._protect(0, len(self._set), _OPEN):  # some may not be written
            for start, end in _runs(bytes(self._set)):
                self._open(start, end - start)
        self._touched.update(range(len(self._set) // _GROUP))
        self._set = bytearray()


def _borders(protections: bytes | bytearray) -> int:
    return sum(1 for _ in _runs(bytes(protections))) - 1


def _runs(pages: bytes) -> Iterator[tuple[int, int]]:
    """Where runs of equal bytes begin and end, in order."""
    if len(pages) > _LONG:
        import re

        each = b"|".join(re.escape(bytes([value])) + b"+" for value in set(pages))
        yield from (run.span() for run in re.finditer(each, pages))
        return
    start = 0
    while start < len(pages):
        end = len(pages) - len(pages[start:].lstrip(pages[start : start + 1]))
        yield start, end
        start = end
