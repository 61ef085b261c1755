"""Multiplies and divisions."""

from frontends.arm.translator import Translator


class Multiply(Translator):
    """One method per row of ``encodings/multiply.py``."""
