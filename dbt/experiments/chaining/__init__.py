"""``armdbt bench chaining``: what block chaining is worth."""
