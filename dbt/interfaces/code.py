"""What a file says of its code, for a frontend that looks for functions in it."""

from collections.abc import Collection, Mapping

from dbt.classes import attrs


@attrs.frozen
class LinkedCode:
    """The code of an ELF file, at linked addresses."""

    parts: tuple[tuple[int, bytes], ...]
    """Address and bytes of each part that holds instructions. There may be data in it, too."""
    data: tuple[bytes, ...]
    """All that is loaded, among it the same code; words are aligned. Some are addresses of
    functions."""
    tables: Mapping[int, tuple[int, bytes]]
    """Address and bytes of what each program header describes that loads nothing, by p_type."""
    known: Collection[int]
    """Locations at which functions are known to begin."""
