"""Tiers 1 and 2: blocks and regions as LLVM text, compiled to units.

From the bottom up: ``flag_slots`` and ``frame`` say what all units agree on, ``unit_text`` is a
function in the making, ``access``, ``pure_ops`` and their neighbours write one kind of op each,
``exits`` the ways out, ``emitter`` whole blocks, ``region`` loops of them, ``compiler`` makes code
of it all, and ``tier`` decides which blocks are compiled, and when. ``dispatch`` is the code
between two units, ``objects`` calls LLVM.
"""
