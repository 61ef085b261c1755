"""Object code that several executors use, if they have made the same LLVM text.

With memory checks and without, blocks that do not access memory have the same text, and so have the
stencils of their instructions. It is compiled once; each executor puts the code where it runs, and
runs it. Unlike ``compiled_before``, this forgets: a campaign would fill the host's memory.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from backends.numba_jit.units.objects import ObjectMaker


@contextmanager
def shared_objects() -> Iterator[Counter[str]]:
    """Within it, no text is compiled twice for the same level. Yields how many texts of each level
    were compiled, and, as ``again``, how many had been."""
    compile_anew = ObjectMaker.compile
    made: dict[tuple[object, ...], bytes] = {}
    counts: Counter[str] = Counter()

    def compile_once(
        self: ObjectMaker,
        text: str,
        level: str,
        linked: Iterable[str] = (),
        exported: Iterable[str] | None = None,
    ) -> bytes:
        linked = tuple(linked)
        exported = None if exported is None else tuple(exported)
        asked = (text, level, linked, exported)
        counts["again" if asked in made else level] += 1
        if asked not in made:
            made[asked] = compile_anew(self, text, level, linked, exported)
        return made[asked]

    with patch.object(ObjectMaker, "compile", compile_once):
        yield counts
