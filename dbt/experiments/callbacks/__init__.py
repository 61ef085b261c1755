"""``armdbt bench callbacks``: measures what a callback costs at each of its prices."""
