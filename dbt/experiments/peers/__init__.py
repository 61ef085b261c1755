"""Other translators under the same programs, watched as their users would watch them.

Each adapter has ``MODES`` (names of ways to watch; ``none`` watches nothing and is what the others
are compared with), ``VALUES`` (whether arguments and results can be compared with ours),
``lacking()`` (why it cannot run here, or None) and ``watch(image, mode, functions, sink)``.

An adapter knows how its emulator numbers registers, exceptions and system calls, and that the guest
is ARM, as qemu-arm and ``UC_ARCH_ARM`` say. No other module of the laboratories knows that.
"""

from dbt.experiments.peers.image import Image, Seen, load_image
from dbt.experiments.peers.tracker import Registers, Tracker

__all__ = ["Image", "Registers", "Seen", "Tracker", "load_image"]
