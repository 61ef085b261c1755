"""Guest programs that come with the package. Their sources stand beside them."""

from pathlib import Path

DEMO = str(Path(__file__).parent / "demo.elf")
"""The program of ``armdbt demo``."""
