"""The system calls, a module for each family. ``kernel.load_families`` imports every module here,
and nothing else is found by scanning. A handler is registered by ``@syscall`` (``table.py``).

Few programs make the calls of ``RARE``. Their modules can be imported when the guest makes one.
"""

from importlib import import_module

from dbt.linux.table import SYSCALLS, Entry

_RARE = """
control_messages:
ipc_status:
socket_addresses:
clone: fork vfork clone clone3
epoll: epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
fcntl: dup dup2 dup3 flock fcntl fcntl64
inotify: inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
ipc: ipc
itimers: setitimer getitimer alarm
message_queues: msgget msgsnd msgrcv msgctl
messages: send sendto recv recvfrom sendmsg recvmsg sendmmsg recvmmsg recvmmsg_time64
pidfd: pidfd_open pidfd_send_signal
pipes: pipe pipe2 memfd_create eventfd2 eventfd sendfile sendfile64 splice copy_file_range
    vmsplice tee
poll: poll ppoll ppoll_time64 _newselect select pselect6 pselect6_time64
prctl: prctl
scheduling: sched_getscheduler sched_setscheduler sched_getparam sched_setparam sched_getattr
    sched_setattr sched_rr_get_interval sched_rr_get_interval_time64 sched_get_priority_max
    sched_get_priority_min sched_yield sched_getaffinity sched_setaffinity getpriority
    setpriority nice ioprio_get ioprio_set membarrier
semaphores: semget semop semtimedop semtimedop_time64 semctl
shared_memory: shmget shmat shmdt shmctl
socketcall: socketcall
socket_options: setsockopt getsockopt
sockets: socket socketpair bind connect listen accept accept4 getsockname getpeername shutdown
timerfd: timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64
timers: timer_create timer_delete timer_settime timer_settime64 timer_gettime timer_gettime64
    timer_getoverrun
wait: wait4 waitid getrusage
"""


def _parsed(text: str) -> dict[str, list[str]]:
    """The names of calls by module."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for word in text.split():
        if word.endswith(":"):
            names = found[word[:-1]] = []
        else:
            names.append(word)
    return found


RARE = _parsed(_RARE)
"""The modules of calls that few programs make, and those that only they import, with the names of
their calls. What else they import has been imported when the guest runs."""
_HOMES = {name: module for module, names in RARE.items() for name in names}


def entry(name: str) -> Entry | None:
    """The system call of a name, whose module is imported if it has not been; None if there is
    none."""
    found = SYSCALLS.get(name)
    if found is None and name in _HOMES:
        import_module(f"{__name__}.{_HOMES[name]}")
        found = SYSCALLS[name]
    return found
