"""The records of a process in their order, with a place in them that can be gone back to."""

from collections.abc import Iterator

from dbt.stops import UsageError
from dbt.typing import Any

_KINDS = 8


def checked(record: Any) -> Any:
    """A record, if it has the shape of one. Raises UsageError."""
    match record:
        case None:
            return None
        case (int(kind), int(), _, _, _, tuple(operations)):
            named = all(isinstance(one, tuple) and one for one in operations)
            if 0 <= kind < _KINDS and named:
                return record
    raise UsageError("the log makes no sense: it has something that is no record")


class Tape:
    """Records that are read one after the other. From ``keep`` on they are kept, so that an earlier
    ``place`` can be returned to; 0 is the first record that is kept."""

    def __init__(self, records: Iterator[Any]) -> None:
        self._records = records
        self._kept: list[Any] | None = None
        self.place = 0
        self.next: Any = checked(next(records, None))
        """The record that is next; None at the end."""

    def keep(self) -> None:
        """Keep what is read from now on, if that is not done already."""
        if self._kept is None:
            self._kept, self.place = [self.next], 0

    def take(self) -> Any:
        """The record that is next, and go on."""
        record = self.next
        self.place += 1
        if self._kept is None:
            self.next = checked(next(self._records, None))
            return record
        if self.place == len(self._kept):
            self._kept.append(checked(next(self._records, None)))
        self.next = self._kept[self.place]
        return record

    def go_back(self, place: int) -> None:
        """Have the record at a place be next."""
        assert self._kept is not None
        self.place, self.next = place, self._kept[place]
