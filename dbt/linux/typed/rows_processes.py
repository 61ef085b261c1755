"""Signatures: processes, identities, limits, scheduling, signals, and ARM's own calls.

``ARM_usr26`` and ``ARM_usr32`` take no argument. ``first:hidden`` in their row is there because
their result register is the first argument register and they leave it as it is: their handler
returns what it gets.
"""

from dbt.linux.typed.model import parse_rows

ROWS = parse_rows("""
exit|exit_group    status:int -> never
fork|vfork         -> pid
clone              flags:clone stack:ptr parent_tid:ptr tls:ptr child_tid:ptr -> pid
clone3             arguments:ptr size:uint -> pid
execve             path:path argv:argv envp:envp
execveat           at:at path:path argv:argv envp:envp flags:flags(execveat)
wait4              pid:int status:outstatus options:flags(wait) usage:ptr -> pid
waitid             type:enum(idtype) id:int info:ptr options:flags(wait) usage:ptr
getpid|gettid|getppid|getpgrp|setsid -> pid
getpgid|getsid     pid:int -> pid
setpgid            pid:int group:int
getuid|getuid32|geteuid|geteuid32|getgid|getgid32|getegid|getegid32
setuid|setuid32    uid:int
setgid|setgid32    gid:int
setreuid|setreuid32 real:int effective:int
setregid|setregid32 real:int effective:int
setresuid|setresuid32 real:int effective:int saved:int
setresgid|setresgid32 real:int effective:int saved:int
getresuid|getresuid32|getresgid|getresgid32 real:ptr effective:ptr saved:ptr
setfsuid|setfsuid32 uid:int
setfsgid|setfsgid32 gid:int
getgroups|getgroups32|setgroups|setgroups32 size:int list:ptr
capget|capset      header:ptr data:ptr
getrlimit|ugetrlimit resource:enum(rlimit) limit:outstruct(rlimit)
setrlimit          resource:enum(rlimit) limit:struct(rlimit)
prlimit64          pid:int resource:enum(rlimit) new:struct(rlimit64) old:outstruct(rlimit64)
getrusage          who:enum(rusage) usage:ptr
getpriority        which:enum(prio) who:int
setpriority        which:enum(prio) who:int value:int
nice               increment:int
sched_yield
sched_setscheduler pid:int policy:enum(sched) parameter:ptr
sched_getscheduler pid:int
sched_setparam|sched_getparam pid:int parameter:ptr
sched_get_priority_max|sched_get_priority_min policy:enum(sched)
sched_setaffinity|sched_getaffinity pid:int size:uint mask:ptr
sched_setattr      pid:int attributes:ptr flags:hex
sched_getattr      pid:int attributes:ptr size:uint flags:hex
sched_rr_get_interval pid:int interval:outstruct(timespec)
sched_rr_get_interval_time64 pid:int interval:outstruct(timespec64)
process_mrelease   pidfd:fd flags:hex
prctl              option:int argument:hex third:hex fourth:hex fifth:hex
personality        persona:hex
ptrace             request:int pid:int address:ptr data:ptr
seccomp            operation:uint flags:hex arguments:ptr
unshare|setns      flags:clone
kcmp               first:int second:int type:int index:uint other:uint
set_tid_address    address:ptr -> pid
set_robust_list    head:ptr size:uint
get_robust_list    pid:int head:ptr size:ptr
rseq               area:ptr size:uint flags:hex signature:hex
futex              address:ptr operation:futex value:int(unsigned) timeout:futextime address2:ptr value3:int(unsigned)
futex_time64       address:ptr operation:futex value:int(unsigned) timeout:futextime address2:ptr value3:int(unsigned)
futex_waitv        waiters:ptr count:uint flags:hex timeout:ptr clock:enum(clock)
getcpu             cpu:ptr node:ptr
pidfd_open         pid:int flags:uint -> fd
pidfd_getfd        pidfd:fd fd:int flags:uint -> fd
pidfd_send_signal  pidfd:fd signal:sig info:ptr flags:uint
kill               pid:int signal:sig
tkill              tid:int signal:sig
tgkill             group:int tid:int signal:sig
rt_sigqueueinfo    pid:int signal:sig info:ptr
rt_tgsigqueueinfo  group:int tid:int signal:sig info:ptr
sigaction          signal:sig new:ptr old:ptr
rt_sigaction       signal:sig new:sigaction old:ptr size:uint
sigprocmask        how:enum(how) new:ptr old:ptr
rt_sigprocmask     how:how new:sigset old:ptr size:uint
sigpending         set:ptr
rt_sigpending      set:ptr size:uint
sigsuspend         restart:int old:hex mask:hex
rt_sigsuspend      set:sigset size:uint
rt_sigtimedwait    set:sigset info:ptr timeout:struct(timespec) size:uint -> sig
rt_sigtimedwait_time64 set:sigset info:ptr timeout:struct(timespec64) size:uint -> sig
sigaltstack        new:ptr old:ptr
sigreturn|rt_sigreturn -> never
pause|restart_syscall
ARM_breakpoint
ARM_cacheflush     start:ptr end:ptr flags:hex
ARM_usr26|ARM_usr32 first:hidden
ARM_set_tls        value:ptr
ARM_get_tls        -> addr
""")  # noqa: E501
