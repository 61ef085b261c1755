"""Media."""

from frontends.arm.translator import Translator


class Media(Translator):
    """One method per row of ``encodings/media.py``."""
