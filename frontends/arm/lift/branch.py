"""Branches."""

from frontends.arm.translator import Translator


class Branch(Translator):
    """One method per row of ``encodings/branch.py``."""
