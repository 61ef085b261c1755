"""The numba/LLVM backend: a compiled interpreter (tier 0) and compiled units (tiers 1 and 2)."""
