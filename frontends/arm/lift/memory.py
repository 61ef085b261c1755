"""Loads and stores."""

from frontends.arm.translator import Translator


class Memory(Translator):
    """One method per row of ``encodings/memory.py``."""
