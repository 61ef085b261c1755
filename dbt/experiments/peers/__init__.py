"""Adapters that run programs under other translators, and watch them as their users would.

Each adapter has ``MODES`` (names of ways to watch; the others are compared with ``none``, which
watches nothing), ``VALUES`` (whether arguments and results can be compared with ours),
``lacking()`` (why it cannot run here, or None) and ``watch(image, mode, functions, sink)``.

An adapter knows how its emulator numbers registers, exceptions and system calls, and that the guest
is ARM, as qemu-arm and ``UC_ARCH_ARM`` say. No other module of the laboratories knows that.
"""

from dbt.experiments.peers.image import Image, Seen, load_image
from dbt.experiments.peers.tracker import Registers, Tracker

__all__ = ["Image", "Registers", "Seen", "Tracker", "load_image"]
