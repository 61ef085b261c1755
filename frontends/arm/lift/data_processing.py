"""Data processing: the sixteen operations, one file per form of the second operand."""

from frontends.arm.lift.data_processing_immediate import DataProcessingImmediate
from frontends.arm.lift.data_processing_register import DataProcessingRegister
from frontends.arm.lift.data_processing_shifted import DataProcessingShifted


class DataProcessing(DataProcessingImmediate, DataProcessingRegister, DataProcessingShifted):
    """One method per row of ``encodings/data_processing.py``."""
