"""Tables of 64-bit words that native code reads, in lazily committed host memory."""

from collections.abc import Iterable

from dbt.reservation import Reservation
from dbt.typing import Any


class Rows:
    """A table of rows of words, all 0 at first. ``cells[row, column]`` is a word."""

    def __init__(self, rows: int, columns: int) -> None:
        self._reservation = Reservation(rows * columns * 8, "stencils")
        self.address = self._reservation.address
        self.cells: Any = self._reservation.view.cast("q", (rows, columns))
        self._row_bytes = 8 * columns

    def put(self, row: int, words: Iterable[int]) -> None:
        """Write a row, from its first word on."""
        for column, word in enumerate(words):
            self.cells[row, column] = word

    def row(self, row: int) -> list[int]:
        """The words of a row."""
        return list(self._part(row, 1).cast("q"))

    def clear(self, rows: int) -> None:
        """Set the first rows to 0."""
        self._part(0, rows)[:] = bytes(rows * self._row_bytes)

    def save(self, rows: int) -> memoryview:
        """The bytes of the first rows."""
        return self._part(0, rows)

    def restore(self, content: memoryview, at: int, rows: int) -> int:
        """Take the first rows from ``content``, where they begin at ``at``. Returns their size."""
        size = rows * self._row_bytes
        self._reservation.commit(0, size)
        self._part(0, rows)[:] = content[at : at + size]
        return size

    def _part(self, first: int, rows: int) -> memoryview:
        return self._reservation.view[first * self._row_bytes :][: rows * self._row_bytes]

    def close(self) -> None:
        """Give the memory back."""
        self.cells.release()
        self._reservation.close()
