"""``armdbt bench chaining``: measures what block chaining is worth."""
