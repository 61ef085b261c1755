"""What a process has read and written, as /proc/PID/io counts it (fs/read_write.c, task_xacct)."""

from dbt.classes import attrs

_READS = {"read", "readv", "pread64", "preadv", "preadv2"}
_WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2"}
_COPIES = {"sendfile", "sendfile64", "copy_file_range"}
READERS = _READS | _COPIES
WRITERS = _WRITES | _COPIES


@attrs.define
class Transfers:
    """Calls that read and that wrote, and their bytes. A forked child begins at 0; exec keeps all.

    The figures of storage in ``/proc/PID/io`` are 0: only the host knows which pages came from a
    disk, and its figures contain what the translator reads.
    """

    read_bytes: int = 0
    written_bytes: int = 0
    reads: int = 0
    writes: int = 0

    def count(self, name: str, result: int) -> None:
        """Count a call by its result; calls that move no data are passed over."""
        if name in READERS:
            self.reads += 1
            self.read_bytes += max(result, 0)
        if name in WRITERS:
            self.writes += 1
            self.written_bytes += max(result, 0)

    def forked(self) -> None:
        """Begin at 0: this is a new process."""
        self.read_bytes = self.written_bytes = self.reads = self.writes = 0

    def text(self) -> bytes:
        """The content of ``/proc/PID/io``."""
        rows = (
            ("rchar", self.read_bytes), ("wchar", self.written_bytes), ("syscr", self.reads),
            ("syscw", self.writes), ("read_bytes", 0), ("write_bytes", 0),
            ("cancelled_write_bytes", 0),
        )  # fmt: skip
        return "".join(f"{name}: {value}\n" for name, value in rows).encode()
