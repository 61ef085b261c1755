"""What a program does with files, pipes, sockets, processes and the console, as a record.

The tool that TEMU and Qebek were built to be, on the hook API: ``Spy`` sets system call hooks, a
model of the descriptors (``descriptors.py``) says what each call touched, and every event becomes
one line of JSON (``events.py``) that ``report.py`` turns into something to read.
"""

from dbt.spy.events import SCHEMA, Event, Who
from dbt.spy.tool import Spy

__all__ = ["SCHEMA", "Event", "Spy", "Who"]
