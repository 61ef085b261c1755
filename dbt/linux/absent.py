"""The system calls that the kernel numbers and that are not served, each with the reason.

They return ENOSYS, as under a kernel without them. Every call of the table is either here or has a
handler (``tests/unit/linux/test_absent.py``); docs/syscalls.md lists both.
"""

_ABSENT = """
Linux 6.1 has it no more
    bdflush _sysctl nfsservctl vserver
Linux 6.1 does not have it yet
    cachestat
C libraries have used another call since the nineties
    readdir sysfs uselib ustat
32-bit ARM has one memory node, and its kernel is built without CONFIG_NUMA
    get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node
32-bit ARM has no protection keys
    pkey_alloc pkey_free
the guest has no PCI bus
    pciconfig_iobase pciconfig_read pciconfig_write
rings of the host's kernel act on memory and descriptors by the host's numbers
    io_uring_enter io_uring_register io_uring_setup
a kernel without CONFIG_AIO; programs use threads or ordinary calls
    io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit
the keys are the host user's
    add_key keyctl request_key
queues would lie in the host's name space, and remain there after the run
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
    mq_timedsend_time64 mq_unlink
a handle names a file past the guest's view of files
    fanotify_mark name_to_handle_at open_by_handle_at
part of fsopen and mount, which only root may use
    fsconfig open_tree
a kernel without CONFIG_SECCOMP and CONFIG_SECURITY_LANDLOCK: armdbt confines the guest by itself
    landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp
armdbt itself handles faults of the guest's memory
    userfaultfd
the host's kernel would act on another process's memory or descriptors
    pidfd_getfd process_madvise process_mrelease
a kernel without CONFIG_KCMP
    kcmp
mappings in another order than the file's are rebuilt by mmap (decision 15)
    remap_file_pages
the ABI has served any other call by this name; it does not name itself
    syscall
programs that wait for several futexes fall back to futex
    futex_waitv
"""


def _parse(text: str) -> dict[str, str]:
    """Reasons by name. A line without indent is a reason, those below it have its calls. Raises
    ValueError for a call with two reasons."""
    reasons: dict[str, str] = {}
    reason = ""
    for line in filter(str.strip, text.splitlines()):
        if not line.startswith(" "):
            reason = line
            continue
        for name in line.split():
            if name in reasons:
                raise ValueError(f"two reasons for {name}")
            reasons[name] = reason
    return reasons


ABSENT = _parse(_ABSENT)
"""Why a call is not served, by its name."""
