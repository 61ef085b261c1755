"""``armdbt bench compare``: tests whether a second run of an experiment confirms the first."""
