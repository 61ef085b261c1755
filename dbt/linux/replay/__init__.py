"""Runs that are recorded and replayed: what came from outside is in a log, and comes from there.

The log is made at the boundary between translated code and the kernel (``dbt/environment.py``).
Each *event* there, a system call, a fault, a signal, the end of a turn, is a record: after how many
instructions it was, and what it has done to registers and memory of the guest. A replay serves the
same events from the records, and asks the host for nothing.
"""
