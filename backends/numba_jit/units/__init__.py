"""Tiers 1 and 2: blocks and regions as LLVM text, compiled to units."""
