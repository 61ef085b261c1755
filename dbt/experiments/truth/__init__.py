"""Ground truth: the true events of a program, and what another stream of events lacks."""
