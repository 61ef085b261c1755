"""Signatures: memory, and shared memory."""

from dbt.linux.typed.model import parse_rows

ROWS = parse_rows("""
brk                end:ptr -> addr
mmap               arguments:ptr -> addr
mmap2              address:ptr length:int(unsigned) prot:flags(prot) flags:flags(map) fd:fd(signed) page:hex -> addr
munmap             address:ptr length:int(unsigned)
mprotect           address:ptr length:int(unsigned) prot:flags(prot)
pkey_mprotect      address:ptr length:int(unsigned) prot:flags(prot) key:int
mremap             old:ptr old_length:uint length:uint flags:flags(mremap) new:ptr -> addr
madvise            address:ptr length:int(unsigned) advice:enum(madvise)
process_madvise    pidfd:fd vector:iov(count) count:uint advice:enum(madvise) flags:uint
mincore            address:ptr length:uint vector:ptr
msync              address:ptr length:uint flags:flags(msync)
mlock|munlock      address:ptr length:uint
mlock2             address:ptr length:uint flags:hex
mlockall           flags:flags(mlockall)
munlockall
remap_file_pages   address:ptr length:uint prot:flags(prot) page:uint flags:flags(map)
membarrier         command:int flags:hex
process_vm_readv|process_vm_writev pid:int local:ptr local_count:uint remote:ptr remote_count:uint
shmget             key:int size:uint flags:oct
shmat              id:int address:ptr flags:flags(shm) -> addr
shmdt              address:ptr
shmctl             id:int command:enum(ipc) buffer:ptr
semget             key:int count:int flags:oct
semop              id:int operations:ptr count:uint
semctl             id:int number:int command:enum(ipc) argument:hex
msgget             key:int flags:oct
msgsnd             id:int message:ptr size:uint flags:oct
msgrcv             id:int message:ptr size:uint type:int flags:oct -> size
msgctl             id:int command:enum(ipc) buffer:ptr
semtimedop         id:int operations:ptr count:uint timeout:struct(timespec)
semtimedop_time64  id:int operations:ptr count:uint timeout:struct(timespec64)
pkey_alloc         flags:hex rights:hex
pkey_free          key:int
mbind              address:ptr length:uint mode:int mask:ptr nodes:uint flags:hex
get_mempolicy      mode:ptr mask:ptr nodes:uint address:ptr flags:hex
set_mempolicy      mode:int mask:ptr nodes:uint
set_mempolicy_home_node address:ptr length:uint node:uint flags:hex
migrate_pages      pid:int nodes:uint old:ptr new:ptr
move_pages         pid:int count:uint pages:ptr nodes:ptr status:ptr flags:hex
ipc                call:uint first:int second:int third:int address:ptr fifth:int
""")  # noqa: E501
