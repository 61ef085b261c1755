"""The lifting methods of VFP, which both instruction sets have."""

from frontends.arm.lift.vfp_conversion import VfpConversion
from frontends.arm.lift.vfp_memory import VfpMemory
from frontends.arm.lift.vfp_moves import VfpMoves


class Vfp(VfpMemory, VfpMoves, VfpConversion):
    """One method per row of ``encodings/vfp.py``."""
