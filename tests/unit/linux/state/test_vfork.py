"""The parent's end of vfork."""

import fcntl
import os
import resource

from dbt.linux.kernel import Kernel
from dbt.linux.state.children import Child
from dbt.linux.state.vfork import Lender


def test_the_parent_may_have_more_descriptors_than_select_can_name(kernel: Kernel) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2048), before[1]))
    reader, writer = os.pipe()
    try:
        high = fcntl.fcntl(reader, fcntl.F_DUPFD_CLOEXEC, 1024)
    finally:
        os.close(reader)
        os.close(writer)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    Lender(kernel, high, Child(os.getpid())).wait()  # nobody writes any more
