"""Data processing."""

from frontends.arm.translator import Translator


class DataProcessing(Translator):
    """One method per row of ``encodings/data_processing.py``."""
