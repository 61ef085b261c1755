"""System."""

from frontends.arm.translator import Translator


class System(Translator):
    """One method per row of ``encodings/system.py``."""
