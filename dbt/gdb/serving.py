"""Lets a debugger connect, and runs a process with it to its end."""

import os
import socket

from dbt.gdb.listening import connection
from dbt.gdb.packets import Channel, ProtocolError
from dbt.gdb.session import Gone, Session
from dbt.process import Process
from dbt.process.debugging import Debuggee
from dbt.stops import Stop
from dbt.streams import say


def serve(process: Process, where: str) -> Stop:
    """Wait for a debugger at ``where`` (see ``connection``), and run the process as it says.
    Returns how the process ended. When the debugger detaches or goes, the process runs on without
    it. To be called in the main thread, before the process has run. Raises UsageError."""
    debuggee = process.debuggee()
    with connection(where) as stream:
        ended = _debugged(process, debuggee, stream)
    return process.run() if ended is None else ended


def _debugged(process: Process, debuggee: Debuggee, stream: socket.socket) -> Stop | None:
    """How the process has ended; None when it is to run on by itself."""
    channel = Channel(stream)
    session = Session(process, debuggee, channel)

    def leave_child() -> None:
        session.close()
        os.close(stream.detach())

    debuggee.attach(stream.fileno(), on_program=session.program_changed, on_fork_child=leave_child)
    try:
        session.converse()
    except Gone:
        say("armdbt: the debugger has gone, and the program runs on without it")
    except ProtocolError as error:
        say(f"armdbt: not the debugger's protocol ({error}): the program runs on without it")
    finally:
        channel.close()
        session.close()
        debuggee.detach()
    return session.ended
