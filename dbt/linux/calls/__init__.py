"""The system calls, a module for each family. ``kernel.load_families`` imports every module here,
and nothing else is found by scanning. A handler is registered by ``@syscall`` (``table.py``)."""
