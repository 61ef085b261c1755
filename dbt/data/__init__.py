"""Guest programs that come with the package. Their sources stand beside them."""

from pathlib import Path

DEMO = str(Path(__file__).parent / "demo.elf")
"""The program of ``armdbt demo``."""
GROWTH = str(Path(__file__).parent / "growth.elf")
"""The program of ``armdbt bench growth``."""
