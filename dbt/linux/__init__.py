"""Linux user mode: a guest process and its system calls. This package knows no architecture.

- ``calls/``: the system calls by family. ``kernel.load_families`` imports all of them, and they
  fill the table in ``table.py``.
- ``state/``: what is kept of a process: address space, descriptors, paths, signals, children.
- ``typed/``: what the arguments of each call are, and how they are written.

What the calls use:

- ``kernel.paths`` (``state.paths.Paths``): ``resolve`` finds the open host file that a guest path
  means (``places.Place``), ``readable(path, dirfd=AT_FDCWD, follow=True)`` a file to be read.
- ``kernel.files`` (``state.fdtable.FdTable``): ``host_fd(fd)`` (OSError EBADF),
  ``close_on_exec()``.
- ``host.call(name, *args)``: a libc call that EINTR interrupts. A handler lets that OSError out;
  the kernel restarts the call or not, as the signal's handler asks.
- ``kernel.signals.set_temporary_mask(mask)``: for ppoll, pselect6, epoll_pwait and rt_sigsuspend;
  the old mask comes back after the call, or after the handler that ended it.
- Calls that sleep in Python poll ``kernel.signals.interrupted()`` and ``kernel.overdue()``.
"""
