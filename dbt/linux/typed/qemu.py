"""What ``qemu-arm -strace`` prints for each call (qemu-user 7.2, linux-user/strace.list).

Three sorts of calls: those whose typed row is also what qemu-arm prints (``_SAME``); those it
prints otherwise (``_OTHERWISE``, in the same language); and all others it knows, which it shows as
six decimal numbers, whatever is in the registers. Calls with a 64-bit argument always show it
whole, by their typed row: qemu-arm shows its low half, or the registers. Calls newer than its
table it does not name at all (``Unknown syscall 398``); for those the typed row is used.
"""

from collections.abc import Sequence
from typing import Any

from dbt.linux.typed import quirks
from dbt.linux.typed.decode import Decoder, error_text
from dbt.linux.typed.kinds import KINDS, signed
from dbt.linux.typed.model import Parameter, Signature, parse_rows
from dbt.linux.typed.rows import SIGNATURES

KINDS.update(quirks.KINDS)

_SAME = frozenset(
    """
    open openat creat close access faccessat faccessat2 fchmod fchownat statx fallocate
    truncate ftruncate dup dup2 lseek fcntl fcntl64 ioctl fsync fdatasync syncfs chdir chroot acct
    fchdir chmod chown lchown fchown mkdir mkdirat mknod mknodat unlink unlinkat rename
    renameat link symlink symlinkat umask mount umount umount2 removexattr lremovexattr
    fremovexattr mq_unlink mmap2 munmap mprotect madvise mlockall munlockall brk exit exit_group
    fork getpid gettid getppid getpgrp setsid setpgid getpgid getsid getuid geteuid getgid getegid
    setgid setreuid setreuid32 setresuid setresuid32 setresgid setgid32 setfsuid setfsgid setfsgid32
    kill tkill tgkill alarm setitimer clock_settime listen socket accept eventfd epoll_create
    pidfd_getfd pidfd_open unshare
    """.split()  # noqa: SIM905
)

_OTHERWISE = parse_rows("""
read|write         fd:fd buffer:hex count:int
writev             fd:fd vector:nil count:hex
_llseek            fd:fd high:uint low:uint result:ptr whence:llwhence
fchmodat           at:at path:path mode:mode flags:flags(at)
rmdir              path:path end:empty
linkat             old_at:at old:path new_at:at new:path flags:flags(at)
stat|lstat|stat64|lstat64 path:path buffer:ptr
fstat|fstat64      fd:fd buffer:ptr
fstatat64          at:at path:path buffer:ptr flags:flags(at)
statfs|statfs64    path:path buffer:ptr
fstatfs|fstatfs64  fd:fd buffer:nil
ustat              device:hex buffer:nil
readlink           path:path buffer:ptr size:uint
readlinkat         at:at path:path buffer:ptr size:uint
getcwd             buffer:nil size:int
getdents|getdents64 fd:fd buffer:nil size:uint
utime|utimes       path:path times:ptr
futimesat          at:at path:path times:timevals
utimensat          at:at path:path times:ptr flags:flags(at)
dup3               fd:fd new:fd flags:int
getxattr|lgetxattr path:path name:str value:ptr size:uint
fgetxattr          fd:fd name:str value:ptr size:uint
listxattr|llistxattr path:path list:ptr size:uint
flistxattr         fd:fd list:ptr size:uint
mq_open            name:str flags:open mode:openmode
mq_timedsend|mq_timedreceive queue:fd message:nil size:int priority:uint timeout:nil
mq_notify          queue:fd event:nil
mq_getsetattr      queue:fd new:nil old:nil
copy_file_range    in:fd in_offset:nil out:fd out_offset:nil count:uint flags:uint
mlock|munlock      address:nil length:uint
semctl             id:int number:int command:enum(ipc) argument:zeroptr
clone              flags:clone child_stack:zeroptr parent_tidptr:zeroptr tls:zeroptr child_tidptr:zeroptr
execve             path:path argv:argv
waitid             type:hex id:int info:nil options:hex
getpriority        which:hex who:hex
capget|capset      header:nil data:nil
getcpu             cpu:nil node:int
futex              address:ptr operation:futex value:int timeout:futextime address2:ptr again:again
rt_sigaction       signal:sig new:ptr old:ptr
rt_sigprocmask     how:how new:ptr old:ptr
sigaltstack        new:nil old:nil
rt_sigqueueinfo    pid:int signal:sig info:siginfo
rt_tgsigqueueinfo  group:int tid:int signal:sig info:siginfo
pidfd_send_signal  pidfd:fd signal:sig info:siginfo flags:uint
gettimeofday       time:ptr zone:ptr
settimeofday       time:struct(timeval) zone:ptr
adjtimex           buffer:nil
clock_gettime|clock_getres|clock_gettime64 clock:enum(clock) time:ptr
clock_adjtime      clock:enum(clock) buffer:ptr
clock_nanosleep    clock:enum(clock) flags:int wanted:struct(timespec) left:struct(timespec)
getitimer          which:enum(itimer) value:ptr
timer_settime|timer_settime64 timer:int flags:int new:nil old:nil
_newselect         count:count read:fdset(count) write:fdset(count) except:fdset(count) timeout:struct(timeval)
epoll_create1      flags:int
eventfd2           initial:int flags:int
connect            fd:fd address:hex size:int
bind               fd:fd address:bound(size) size:spaced
recvmsg            fd:fd message:nil flags:hex
uname              buffer:nil
getrandom          buffer:nil size:uint flags:uint
syslog             action:enum(syslog) buffer:ptr size:int
mmap               arguments:oldmmap
ipc                call:int first:int second:int third:int
close_range        first:uint last:uint flags:uint
""")  # noqa: E501

_RAW = tuple(Parameter(f"r{i}", "int") for i in range(6))

_UNKNOWN = frozenset(
    """
    fadvise64_64 sync_file_range2 arm_sync_file_range pwritev preadv2 pwritev2 pkey_mprotect rseq
    pkey_alloc pkey_free io_pgetevents sched_setattr clone3 openat2 epoll_pwait2 fchmodat2
    kexec_file_load io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen
    fsconfig fsmount fspick process_madvise mount_setattr quotactl_fd landlock_create_ruleset
    landlock_add_rule landlock_restrict_self process_mrelease futex_waitv set_mempolicy_home_node
    cachestat newfstatat ARM_breakpoint ARM_cacheflush ARM_usr26 ARM_usr32 ARM_set_tls ARM_get_tls
    """.split()  # noqa: SIM905
)
_ADDRESSES = frozenset(["brk", "mmap", "mmap2", "shmat"])
_NAMED_64 = frozenset(["clock_gettime64", "timer_settime64"])


_WRITTEN = parse_rows("""
clock_gettime|clock_getres clock:hidden time:struct(timespec)
clock_gettime64    clock:hidden time:struct(timespec64)
gettimeofday       time:struct(timeval) zone:timezone
getitimer          which:hidden value:itimerval
setitimer          which:hidden new:hidden old:olditimerval
listxattr|llistxattr|flistxattr file:hidden list:attributes
ioctl              fd:hidden request:hidden argument:ioctlresult
""")
"""What these show after the result: rows again, of which the hidden part is not shown."""


def signature(name: str) -> Signature:
    """How qemu-arm shows a call: the row to decode it by."""
    if name in _OTHERWISE:
        return _OTHERWISE[name]
    typed = SIGNATURES.get(name)
    new = name in _UNKNOWN or (name.endswith("_time64") and name not in _NAMED_64)
    if typed is not None and (name in _SAME or new or typed.wide):
        return typed
    return Signature(name, _RAW)


def known(name: str) -> bool:
    """False for a call that qemu-arm has no name for, or never traces."""
    return name not in _UNKNOWN and (name in _NAMED_64 or not name.endswith("_time64"))


def head(decoder: Decoder, name: str, registers: Sequence[int], **convention: Any) -> str:
    """``openat(AT_FDCWD,"/etc/passwd",O_RDONLY)``."""
    call = decoder.decode_as(signature(name), registers, **convention)
    shown = [
        f"{argument.name}={argument.text}" if name == "clone" and index else argument.text
        for index, argument in enumerate(call.arguments)
    ]
    return f"{name}({','.join(shown)})"


def tail(
    decoder: Decoder, name: str, registers: Sequence[int], result: int, **convention: Any
) -> str:
    """What follows `` = ``: the result, and what some calls wrote."""
    failed = error_text(result)
    if failed is not None:
        return failed
    value = result & 0xFFFFFFFF
    if name == "_newselect":  # with a second equals sign: so qemu-arm has it
        again = decoder.decode_as(signature(name), registers, result, **convention)
        sets = ",".join(argument.text for argument in again.arguments)
        return f" = 0x{value:08x} ({sets})"
    text = f"0x{value:08x}" if name in _ADDRESSES else str(signed(value))
    row = _WRITTEN.get(name)
    if row is not None:
        again = decoder.decode_as(row, registers, result, **convention)
        shown = ",".join(argument.text for argument in again.arguments)
        text += f" ({shown})" if shown or name != "ioctl" else ""
    return text
