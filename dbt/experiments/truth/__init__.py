"""Ground truth: the events of a program, computed from its executed instructions alone."""
