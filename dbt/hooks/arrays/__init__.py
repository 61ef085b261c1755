"""Events of a run as NumPy arrays (``Process.record``). Of hooks, nothing else imports numpy."""

from dbt.hooks.arrays.dtypes import ACCESS_KINDS, KINDS
from dbt.hooks.arrays.events import EventArrays
from dbt.hooks.arrays.recorded import RecordedEvents, RecordingFull

__all__ = ["ACCESS_KINDS", "KINDS", "EventArrays", "RecordedEvents", "RecordingFull"]
