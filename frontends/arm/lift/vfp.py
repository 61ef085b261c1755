"""The lifting methods of VFP, which both instruction sets have."""

from frontends.arm.lift.vfp_memory import VfpMemory
from frontends.arm.lift.vfp_moves import VfpMoves
from frontends.arm.lift.vfp_v8 import VfpV8


class Vfp(VfpMemory, VfpMoves, VfpV8):
    """One method per row of ``encodings/vfp.py``."""
