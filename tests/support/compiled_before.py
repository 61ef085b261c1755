"""Remembers what LLVM made of units and stencils: many tests run the same guests, in several
processes and again tomorrow.

Object code is kept on disk, in ``.cache/objects``. Its key has the text, all that is linked to it,
and the stamp of how text becomes object code here: sources, LLVM and the processor.
"""

import functools
import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.object_store import ObjectStore

from backends.native import llvm
from backends.native.stamps import stamp
from backends.numba_jit.stencils import maker
from backends.numba_jit.units import compiler, objects
from backends.numba_jit.units.objects import ObjectMaker

STORE = ObjectStore(Path(__file__).resolve().parents[2] / ".cache" / "objects")


@functools.cache
def _how() -> bytes:
    return stamp((llvm.__file__, objects.__file__), "llvmlite")


class Remembering(ObjectMaker):
    """Compiles a text once, and has LLVM verify it, which the product leaves out. A text that another
    thread compiles is compiled anew: tests of what happens meanwhile need the time that it takes."""

    store = STORE

    def compile(
        self,
        text: str,
        level: str,
        linked: Iterable[str] = (),
        exported: Iterable[str] | None = None,
    ) -> bytes:
        """See ``ObjectMaker.compile``."""
        linked, exported = tuple(linked), None if exported is None else tuple(exported)
        if threading.current_thread() is not threading.main_thread():
            return super().compile(text, level, linked, exported)
        asked = repr((_how(), text, level, linked, exported))
        key = hashlib.sha256(asked.encode()).digest()
        made = self.store.read(key)
        if made is None:
            made = super().compile(text, level, linked, exported)
            self.store.write(key, made)
        return made

    def parse(self, text: str, context: Any) -> Any:
        """See ``ObjectMaker.parse``."""
        module = super().parse(text, context)
        module.verify()
        return module


def remember() -> None:
    """Let the units and the stencils that this process compiles be remembered."""
    compiler.ObjectMaker = maker.ObjectMaker = Remembering  # type: ignore[misc]
