"""What each system call means for the record: one module per family, loaded by importing this."""

from dbt.spy.handlers import descriptors, names, processes, sockets, transfers

__all__ = ["descriptors", "names", "processes", "sockets", "transfers"]
