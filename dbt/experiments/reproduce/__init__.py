"""``armdbt bench compare``: whether a second run of an experiment confirms the first."""
