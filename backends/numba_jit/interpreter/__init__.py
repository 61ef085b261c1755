"""Tier 0: blocks lowered to bytecode, and the machine that runs it, compiled by numba."""
