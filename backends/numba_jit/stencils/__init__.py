"""The cold tier: machine code of instructions made once with holes, then copied and patched."""
