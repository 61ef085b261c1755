"""Instrumentation passes: rewrites of lifted blocks, one per file.

The contract is ``docs/instrumentation.md``. In short: a pass is a frozen attrs class registered by
name; its fields are its options; ``run(block)`` changes the block in place before optimisation, so
that what it adds is optimised with the guest's code. It matches on exits, never on mnemonics. It
may add instructions anywhere except between an instruction's first ``set`` and a fault of that
instruction.
"""
