"""Numbers and names of the ARM Linux system calls (arch/arm/tools/syscall.tbl).

A row is the first number and the names that follow it; ``-`` is a number the EABI does not use.
"""

_EABI = """
  0  restart_syscall exit fork read write
  5  open close - creat link
 10  unlink execve chdir - mknod
 15  chmod lchown - - lseek
 20  getpid mount - setuid getuid
 25  - ptrace - - pause
 30  - - - access nice
 35  - sync kill rename mkdir
 40  rmdir dup pipe times -
 45  brk setgid getgid - geteuid
 50  getegid acct umount2 - ioctl
 55  fcntl - setpgid - -
 60  umask chroot ustat dup2 getppid
 65  getpgrp setsid sigaction - -
 70  setreuid setregid sigsuspend sigpending sethostname
 75  setrlimit - getrusage gettimeofday settimeofday
 80  getgroups setgroups - symlink -
 85  readlink uselib swapon reboot -
 90  - munmap truncate ftruncate fchmod
 95  fchown getpriority setpriority - statfs
100  fstatfs - - syslog setitimer
105  getitimer stat lstat fstat -
110  - vhangup - - wait4
115  swapoff sysinfo - fsync sigreturn
120  clone setdomainname uname - adjtimex
125  mprotect sigprocmask - init_module delete_module
130  - quotactl getpgid fchdir bdflush
135  sysfs personality - setfsuid setfsgid
140  _llseek getdents _newselect flock msync
145  readv writev getsid fdatasync _sysctl
150  mlock munlock mlockall munlockall sched_setparam
155  sched_getparam sched_setscheduler sched_getscheduler sched_yield sched_get_priority_max
160  sched_get_priority_min sched_rr_get_interval nanosleep mremap setresuid
165  getresuid - - poll nfsservctl
170  setresgid getresgid prctl rt_sigreturn rt_sigaction
175  rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend
180  pread64 pwrite64 chown getcwd capget
185  capset sigaltstack sendfile - -
190  vfork ugetrlimit mmap2 truncate64 ftruncate64
195  stat64 lstat64 fstat64 lchown32 getuid32
200  getgid32 geteuid32 getegid32 setreuid32 setregid32
205  getgroups32 setgroups32 fchown32 setresuid32 getresuid32
210  setresgid32 getresgid32 chown32 setuid32 setgid32
215  setfsuid32 setfsgid32 getdents64 pivot_root mincore
220  madvise fcntl64 - - gettid
225  readahead setxattr lsetxattr fsetxattr getxattr
230  lgetxattr fgetxattr listxattr llistxattr flistxattr
235  removexattr lremovexattr fremovexattr tkill sendfile64
240  futex sched_setaffinity sched_getaffinity io_setup io_destroy
245  io_getevents io_submit io_cancel exit_group lookup_dcookie
250  epoll_create epoll_ctl epoll_wait remap_file_pages -
255  - set_tid_address timer_create timer_settime timer_gettime
260  timer_getoverrun timer_delete clock_settime clock_gettime clock_getres
265  clock_nanosleep statfs64 fstatfs64 tgkill utimes
270  arm_fadvise64_64 pciconfig_iobase pciconfig_read pciconfig_write mq_open
275  mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
280  waitid socket bind connect listen
285  accept getsockname getpeername socketpair send
290  sendto recv recvfrom shutdown setsockopt
295  getsockopt sendmsg recvmsg semop semget
300  semctl msgsnd msgrcv msgget msgctl
305  shmat shmdt shmget shmctl add_key
310  request_key keyctl semtimedop vserver ioprio_set
315  ioprio_get inotify_init inotify_add_watch inotify_rm_watch mbind
320  get_mempolicy set_mempolicy openat mkdirat mknodat
325  fchownat futimesat fstatat64 unlinkat renameat
330  linkat symlinkat readlinkat fchmodat faccessat
335  pselect6 ppoll unshare set_robust_list get_robust_list
340  splice arm_sync_file_range tee vmsplice move_pages
345  getcpu epoll_pwait kexec_load utimensat signalfd
350  timerfd_create eventfd fallocate timerfd_settime timerfd_gettime
355  signalfd4 eventfd2 epoll_create1 dup3 pipe2
360  inotify_init1 preadv pwritev rt_tgsigqueueinfo perf_event_open
365  recvmmsg accept4 fanotify_init fanotify_mark prlimit64
370  name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg
375  setns process_vm_readv process_vm_writev kcmp finit_module
380  sched_setattr sched_getattr renameat2 seccomp getrandom
385  memfd_create bpf execveat userfaultfd membarrier
390  mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect
395  pkey_alloc pkey_free statx rseq io_pgetevents
400  migrate_pages kexec_file_load - clock_gettime64 clock_settime64
405  clock_adjtime64 clock_getres_time64 clock_nanosleep_time64 timer_gettime64 timer_settime64
410  timerfd_gettime64 timerfd_settime64 utimensat_time64 pselect6_time64 ppoll_time64
415  - io_pgetevents_time64 recvmmsg_time64 mq_timedsend_time64 mq_timedreceive_time64
420  semtimedop_time64 rt_sigtimedwait_time64 futex_time64
423  sched_rr_get_interval_time64 pidfd_send_signal
425  io_uring_setup io_uring_enter io_uring_register open_tree move_mount
430  fsopen fsconfig fsmount fspick pidfd_open
435  clone3 close_range openat2 pidfd_getfd faccessat2
440  process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset
445  landlock_add_rule landlock_restrict_self - process_mrelease futex_waitv
450  set_mempolicy_home_node cachestat fchmodat2 - -
"""

OABI_ONLY = {
    13: "time",
    22: "umount",
    25: "stime",
    27: "alarm",
    30: "utime",
    76: "getrlimit",
    82: "select",
    89: "readdir",
    90: "mmap",
    102: "socketcall",
    113: "syscall",
    117: "ipc",
}
"""Calls that only the old ABI has."""


def _parse(text: str) -> dict[int, str]:
    names = {}
    for row in text.split("\n"):
        first, *rest = row.split() or ["0"]
        for offset, name in enumerate(rest):
            if name != "-":
                names[int(first) + offset] = name
    return names


EABI = _parse(_EABI)
OABI = EABI | OABI_ONLY
