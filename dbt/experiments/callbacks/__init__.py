"""``armdbt bench callbacks``: what a callback costs at each of its prices."""
