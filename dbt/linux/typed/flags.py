"""Names of the bits and values that system call arguments are made of.

Values are those of ``include/uapi/asm-generic`` and ``include/uapi/linux``, which 32-bit guests
share; what an architecture numbers for itself (open flags) comes from its ``SyscallAbi``.
"""

from collections.abc import Sequence

FlagNames = Sequence[tuple[str, int]]


def bits(text: str) -> FlagNames:
    """``NAME=VALUE`` pairs, in the order they are shown."""
    pairs = (item.split("=") for item in text.split())
    return tuple((name, int(value, 0)) for name, value in pairs)


def _numbered(text: str, first: int = 0) -> dict[int, str]:
    """Consecutive values; ``-`` leaves one out."""
    return {first + i: name for i, name in enumerate(text.split()) if name != "-"}


ACCMODE = 3
ACCESS_MODES = ("O_RDONLY", "O_WRONLY", "O_RDWR")

FLAGS: dict[str, FlagNames] = {
    "access": bits("F_OK=0 R_OK=4 W_OK=2 X_OK=1"),
    "at": bits("AT_EACCESS=0x200 AT_SYMLINK_NOFOLLOW=0x100"),
    "unlinkat": bits("AT_REMOVEDIR=0x200"),
    "linkat": bits("AT_SYMLINK_FOLLOW=0x400 AT_EMPTY_PATH=0x1000"),
    "execveat": bits("AT_EMPTY_PATH=0x1000 AT_SYMLINK_NOFOLLOW=0x100"),
    "statx": bits(
        "AT_EMPTY_PATH=0x1000 AT_NO_AUTOMOUNT=0x800 AT_SYMLINK_NOFOLLOW=0x100"
        " AT_STATX_FORCE_SYNC=0x2000 AT_STATX_DONT_SYNC=0x4000"
    ),
    "statx_mask": bits(
        "STATX_ALL=0xfff STATX_BASIC_STATS=0x7ff STATX_TYPE=1 STATX_MODE=2 STATX_NLINK=4"
        " STATX_UID=8 STATX_GID=0x10 STATX_ATIME=0x20 STATX_MTIME=0x40 STATX_CTIME=0x80"
        " STATX_INO=0x100 STATX_SIZE=0x200 STATX_BLOCKS=0x400 STATX_BTIME=0x800"
    ),
    "rename": bits("RENAME_NOREPLACE=1 RENAME_EXCHANGE=2 RENAME_WHITEOUT=4"),
    "mount": bits(
        "MS_BIND=0x1000 MS_DIRSYNC=0x80 MS_MANDLOCK=0x40 MS_MOVE=0x2000 MS_NOATIME=0x400"
        " MS_NODEV=4 MS_NODIRATIME=0x800 MS_NOEXEC=8 MS_NOSUID=2 MS_RDONLY=1"
        " MS_RELATIME=0x200000 MS_REMOUNT=0x20 MS_SYNCHRONOUS=0x10"
    ),
    "umount": bits("MNT_FORCE=1 MNT_DETACH=2 MNT_EXPIRE=4"),
    "fallocate": bits(
        "FALLOC_FL_KEEP_SIZE=1 FALLOC_FL_PUNCH_HOLE=2 FALLOC_FL_NO_HIDE_STALE=4"
        " FALLOC_FL_COLLAPSE_RANGE=8 FALLOC_FL_ZERO_RANGE=0x10 FALLOC_FL_INSERT_RANGE=0x20"
        " FALLOC_FL_UNSHARE_RANGE=0x40"
    ),
    "prot": bits(
        "PROT_NONE=0 PROT_EXEC=4 PROT_READ=1 PROT_WRITE=2 PROT_SEM=8 PROT_GROWSDOWN=0x1000000"
        " PROT_GROWSUP=0x2000000"
    ),
    "map": bits(
        "MAP_SHARED=1 MAP_PRIVATE=2 MAP_ANONYMOUS=0x20 MAP_DENYWRITE=0x800 MAP_EXECUTABLE=0x1000"
        " MAP_FIXED=0x10 MAP_FIXED_NOREPLACE=0x100000 MAP_GROWSDOWN=0x100 MAP_HUGETLB=0x40000"
        " MAP_LOCKED=0x2000 MAP_NONBLOCK=0x10000 MAP_NORESERVE=0x4000 MAP_POPULATE=0x8000"
        " MAP_STACK=0x20000 MAP_SYNC=0x80000"
    ),
    "mremap": bits("MREMAP_MAYMOVE=1 MREMAP_FIXED=2 MREMAP_DONTUNMAP=4"),
    "msync": bits("MS_ASYNC=1 MS_INVALIDATE=2 MS_SYNC=4"),
    "mlockall": bits("MCL_CURRENT=1 MCL_FUTURE=2 MCL_ONFAULT=4"),
    "clone": bits(
        "CLONE_VM=0x100 CLONE_FS=0x200 CLONE_FILES=0x400 CLONE_SIGHAND=0x800 CLONE_PIDFD=0x1000"
        " CLONE_PTRACE=0x2000 CLONE_VFORK=0x4000 CLONE_PARENT=0x8000 CLONE_THREAD=0x10000"
        " CLONE_NEWNS=0x20000 CLONE_SYSVSEM=0x40000 CLONE_SETTLS=0x80000"
        " CLONE_PARENT_SETTID=0x100000 CLONE_CHILD_CLEARTID=0x200000 CLONE_DETACHED=0x400000"
        " CLONE_UNTRACED=0x800000 CLONE_CHILD_SETTID=0x1000000 CLONE_NEWUTS=0x4000000"
        " CLONE_NEWIPC=0x8000000 CLONE_NEWUSER=0x10000000 CLONE_NEWPID=0x20000000"
        " CLONE_NEWNET=0x40000000 CLONE_NEWCGROUP=0x2000000 CLONE_IO=0x80000000"
    ),
    "wait": bits(
        "WNOHANG=1 WUNTRACED=2 WEXITED=4 WCONTINUED=8 WNOWAIT=0x1000000 __WALL=0x40000000"
        " __WCLONE=0x80000000"
    ),
    "msg": bits(
        "MSG_CONFIRM=0x800 MSG_DONTROUTE=4 MSG_DONTWAIT=0x40 MSG_EOR=0x80 MSG_MORE=0x8000"
        " MSG_NOSIGNAL=0x4000 MSG_OOB=1 MSG_CMSG_CLOEXEC=0x40000000 MSG_ERRQUEUE=0x2000 MSG_PEEK=2"
        " MSG_TRUNC=0x20 MSG_WAITALL=0x100 MSG_CTRUNC=8"
    ),
    "fd": bits("FD_CLOEXEC=1"),
    "splice": bits("SPLICE_F_MOVE=1 SPLICE_F_NONBLOCK=2 SPLICE_F_MORE=4 SPLICE_F_GIFT=8"),
    "grnd": bits("GRND_NONBLOCK=1 GRND_RANDOM=2 GRND_INSECURE=4"),
    "memfd": bits("MFD_CLOEXEC=1 MFD_ALLOW_SEALING=2 MFD_HUGETLB=4"),
    "lock": bits("LOCK_SH=1 LOCK_EX=2 LOCK_UN=8 LOCK_NB=4"),
    "sync_range": bits(
        "SYNC_FILE_RANGE_WAIT_BEFORE=1 SYNC_FILE_RANGE_WRITE=2 SYNC_FILE_RANGE_WAIT_AFTER=4"
    ),
    "timer": bits("TIMER_ABSTIME=1"),
    "close_range": bits("CLOSE_RANGE_UNSHARE=2 CLOSE_RANGE_CLOEXEC=4"),
    "rwf": bits("RWF_HIPRI=1 RWF_DSYNC=2 RWF_SYNC=4 RWF_NOWAIT=8 RWF_APPEND=0x10"),
    "xattr": bits("XATTR_CREATE=1 XATTR_REPLACE=2"),
    "shm": bits("SHM_RND=0x2000 SHM_REMAP=0x4000 SHM_RDONLY=0x1000 SHM_EXEC=0x8000"),
    "epoll": bits(
        "EPOLLIN=1 EPOLLPRI=2 EPOLLOUT=4 EPOLLERR=8 EPOLLHUP=0x10 EPOLLRDHUP=0x2000"
        " EPOLLEXCLUSIVE=0x10000000 EPOLLWAKEUP=0x20000000 EPOLLONESHOT=0x40000000"
        " EPOLLET=0x80000000"
    ),
    "poll": bits("POLLIN=1 POLLPRI=2 POLLOUT=4 POLLERR=8 POLLHUP=0x10 POLLNVAL=0x20"),
}
"""Bits by family, in qemu-arm's order. A zero value names the argument 0, when it comes first."""

ENUMS: dict[str, dict[int, str]] = {
    "clock": _numbered(
        "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID"
        " CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME"
        " CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM CLOCK_SGI_CYCLE CLOCK_TAI"
    ),
    "itimer": _numbered("ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF"),
    "whence": _numbered("SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE"),
    "how": _numbered("SIG_BLOCK SIG_UNBLOCK SIG_SETMASK"),
    "shutdown": _numbered("SHUT_RD SHUT_WR SHUT_RDWR"),
    "madvise": _numbered(
        "MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED - - - MADV_FREE"
        " MADV_REMOVE MADV_DONTFORK MADV_DOFORK MADV_MERGEABLE MADV_UNMERGEABLE MADV_HUGEPAGE"
        " MADV_NOHUGEPAGE MADV_DONTDUMP MADV_DODUMP MADV_WIPEONFORK MADV_KEEPONFORK MADV_COLD"
        " MADV_PAGEOUT MADV_POPULATE_READ MADV_POPULATE_WRITE MADV_DONTNEED_LOCKED"
    ),
    "rlimit": _numbered(
        "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC"
        " RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE"
        " RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME"
    ),
    "domain": {1: "PF_UNIX", 2: "PF_INET", 16: "PF_NETLINK", 17: "PF_PACKET"},
    "protocol": {0: "IPPROTO_IP", 6: "IPPROTO_TCP", 17: "IPPROTO_UDP", 255: "IPPROTO_RAW"},
    "netlink": _numbered(
        "NETLINK_ROUTE NETLINK_UNUSED NETLINK_USERSOCK NETLINK_FIREWALL NETLINK_SOCK_DIAG"
        " NETLINK_NFLOG NETLINK_XFRM NETLINK_SELINUX NETLINK_ISCSI NETLINK_AUDIT"
        " NETLINK_FIB_LOOKUP NETLINK_CONNECTOR NETLINK_NETFILTER NETLINK_IP6_FW NETLINK_DNRTMSG"
        " NETLINK_KOBJECT_UEVENT NETLINK_GENERIC"
    ),
    "socket": _numbered(
        "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET - - - - SOCK_PACKET", 1
    ),
    "syslog": _numbered(
        "SYSLOG_ACTION_CLOSE SYSLOG_ACTION_OPEN SYSLOG_ACTION_READ SYSLOG_ACTION_READ_ALL"
        " SYSLOG_ACTION_READ_CLEAR SYSLOG_ACTION_CLEAR SYSLOG_ACTION_CONSOLE_OFF"
        " SYSLOG_ACTION_CONSOLE_ON SYSLOG_ACTION_CONSOLE_LEVEL SYSLOG_ACTION_SIZE_UNREAD"
        " SYSLOG_ACTION_SIZE_BUFFER"
    ),
    "ipc": {0: "IPC_RMID", 1: "IPC_SET", 2: "IPC_STAT", 3: "IPC_INFO"},
    "epoll_op": _numbered("EPOLL_CTL_ADD EPOLL_CTL_DEL EPOLL_CTL_MOD", 1),
    "rusage": {0: "RUSAGE_SELF", 0xFFFFFFFF: "RUSAGE_CHILDREN", 1: "RUSAGE_THREAD"},
    "prio": _numbered("PRIO_PROCESS PRIO_PGRP PRIO_USER"),
    "idtype": _numbered("P_ALL P_PID P_PGID P_PIDFD"),
    "sched": _numbered("SCHED_OTHER SCHED_FIFO SCHED_RR SCHED_BATCH - SCHED_IDLE SCHED_DEADLINE"),
    "fcntl": _numbered(
        "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN"
        " F_SETSIG F_GETSIG F_GETLK64 F_SETLK64 F_SETLKW64 F_SETOWN_EX F_GETOWN_EX"
    )
    | _numbered("F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW", 36)
    | _numbered("F_SETLEASE F_GETLEASE F_NOTIFY - - - F_DUPFD_CLOEXEC F_SETPIPE_SZ", 1024)
    | _numbered("F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS", 1032),
    "futex": _numbered(
        "FUTEX_WAIT FUTEX_WAKE FUTEX_FD FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_LOCK_PI"
        " FUTEX_UNLOCK_PI FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET"
        " FUTEX_WAIT_REQUEUE_PI FUTEX_CMP_REQUEUE_PI FUTEX_LOCK_PI2"
    ),
    "ioctl": {
        0x5401: "TCGETS", 0x5402: "TCSETS", 0x5403: "TCSETSW", 0x5404: "TCSETSF",
        0x5405: "TCGETA", 0x5409: "TCSBRK", 0x540A: "TCXONC", 0x540B: "TCFLSH",
        0x540C: "TIOCEXCL", 0x540D: "TIOCNXCL", 0x540E: "TIOCSCTTY", 0x540F: "TIOCGPGRP",
        0x5410: "TIOCSPGRP", 0x5411: "TIOCOUTQ", 0x5413: "TIOCGWINSZ", 0x5414: "TIOCSWINSZ",
        0x541B: "FIONREAD", 0x5421: "FIONBIO", 0x5422: "TIOCNOTTY", 0x5429: "TIOCGSID",
        0x5450: "FIONCLEX", 0x5451: "FIOCLEX", 0x5452: "FIOASYNC", 0x80045430: "TIOCGPTN",
    },
}  # fmt: skip

SIGNALS = _numbered(
    "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2"
    " SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG"
    " SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS",
    1,
)

FILE_TYPES = bits(
    "S_IFSOCK=0o140000 S_IFLNK=0o120000 S_IFREG=0o100000 S_IFBLK=0o60000 S_IFDIR=0o40000"
    " S_IFCHR=0o20000 S_IFIFO=0o10000"
)


def flag_text(names: FlagNames, value: int) -> str:
    """``A|B|0x40``: the named bits in the table's order, then what is left."""
    if not value:
        return names[0][0] if names and not names[0][1] else "0"
    shown = []
    for name, bits in names:
        if bits and value & bits == bits:
            shown.append(name)
            value &= ~bits
    return "|".join([*shown, f"{value:#x}"] if value or not shown else shown)


def open_text(names: FlagNames, value: int) -> str:
    """Open flags: the access mode, then the bits."""
    mode = value & ACCMODE
    text = ACCESS_MODES[mode] if mode < 3 else "O_WRONLY|O_RDWR"
    rest = value & ~ACCMODE
    return f"{text}|{flag_text(names, rest)}" if rest else text


def mode_text(value: int) -> str:
    """``S_IFREG|0644``; octal as C's %#o writes it."""
    if not value:
        return "000"
    for name, bits in FILE_TYPES:
        if value & bits == bits:
            rest = value & 0o7777
            return f"{name}|{octal(rest)}" if rest else name
    return octal(value)


def octal(value: int) -> str:
    """C's %#o."""
    return f"0{value:o}" if value else "0"


def signal_text(number: int) -> str:
    """``SIGCHLD``; a number where there is no name."""
    return SIGNALS.get(number, str(number))
