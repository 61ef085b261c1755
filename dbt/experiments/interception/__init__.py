"""``armdbt bench interception``: mechanisms and peers against ground truth, and their costs."""
