"""Remembers what LLVM made of the units of this process: many tests run the same guests."""

import hashlib
import threading
from collections.abc import Iterable
from typing import Any

from backends.numba_jit.units import compiler
from backends.numba_jit.units.objects import ObjectMaker

_made: dict[bytes, bytes] = {}
"""Object files, by digests of the text and the level."""


class Remembering(ObjectMaker):
    """Compiles a text once, and has LLVM verify it, which the product leaves out. A text that another
    thread compiles is compiled anew: tests of what happens meanwhile need the time that it takes."""

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
        key = hashlib.sha256(repr((text, level, linked, exported)).encode()).digest()
        if key not in _made:
            _made[key] = super().compile(text, level, linked, exported)
        return _made[key]

    def parse(self, text: str, context: Any) -> Any:
        """See ``ObjectMaker.parse``."""
        module = super().parse(text, context)
        module.verify()
        return module


def remember() -> None:
    """Let the units that this process compiles be remembered."""
    compiler.ObjectMaker = Remembering  # type: ignore[misc]
