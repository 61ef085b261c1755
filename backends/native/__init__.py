"""Machine code on this host: its memory, a linker, a cache on disk, and a handler of SIGBUS.

Backends use this package. It knows no guest and no op of the IR.
"""
