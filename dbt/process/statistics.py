"""The figures of a process, which show themselves as a table."""

from collections.abc import Iterator

from dbt.typing import Any


class Statistics(dict[str, Any]):
    """A dictionary, ready for JSON. As text it has one figure a line."""

    def _lines(self) -> Iterator[tuple[str, Any]]:
        """The figures; those of inner dictionaries as ``dispatches.denied``."""
        for name, value in self.items():
            if isinstance(value, dict):
                yield from ((f"{name}.{key}", figure) for key, figure in value.items())
            else:
                yield name, value

    def __repr__(self) -> str:
        lines = [(name, _shown(value)) for name, value in self._lines()]
        name_width = max((len(name) for name, _ in lines), default=0)
        width = max((len(value) for _, value in lines), default=0)
        return "\n".join(f"{name:<{name_width}}  {value:>{width}}" for name, value in lines)

    def _repr_html_(self) -> str:
        from dbt.markup import pairs

        return pairs(self._lines(), "statistics")


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
