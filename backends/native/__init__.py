"""Machine code on this host: where it lives, how it gets there, what keeps it on disk.

Backends stand on this package; it knows nothing of guests or of the IR.
"""
