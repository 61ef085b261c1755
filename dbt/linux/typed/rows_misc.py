"""Signatures: sockets, the machine, and what only root asks for."""

from dbt.linux.typed.model import parse_rows

ROWS = parse_rows("""
socket             domain:domain type:socktype protocol:protocol -> fd
socketpair         domain:domain type:socktype protocol:protocol fds:outfds
socketcall         call:int arguments:ptr
bind|connect       fd:fd address:sockaddr(size) size:int
listen             fd:fd backlog:int
accept             fd:fd address:ptr size:intp -> fd
accept4            fd:fd address:ptr size:intp flags:socktype -> fd
getsockname|getpeername fd:fd address:ptr size:intp
send               fd:fd buffer:in(count) count:int(unsigned) flags:flags(msg) -> size
sendto             fd:fd buffer:in(count) count:int(unsigned) flags:flags(msg) address:sockaddr(size) size:int -> size
recv               fd:fd buffer:out(count) count:int(unsigned) flags:flags(msg) -> size
recvfrom           fd:fd buffer:out(count) count:int(unsigned) flags:flags(msg) address:ptr size:ptr -> size
sendmsg|recvmsg    fd:fd message:ptr flags:flags(msg) -> size
sendmmsg           fd:fd messages:ptr count:uint flags:flags(msg)
recvmmsg           fd:fd messages:ptr count:uint flags:flags(msg) timeout:struct(timespec)
setsockopt         fd:fd level:int option:int value:in(size) size:int
getsockopt         fd:fd level:int option:int value:ptr size:intp
shutdown           fd:fd how:enum(shutdown)
uname              buffer:ptr
sysinfo            buffer:ptr
getrandom          buffer:out(size) size:uint flags:flags(grnd) -> size
syslog             action:enum(syslog) buffer:ptr size:int
sethostname|setdomainname name:in(size) size:uint
reboot             first:hex second:hex command:hex argument:ptr
vhangup
init_module        image:ptr size:uint parameters:str
finit_module       fd:fd parameters:str flags:hex
delete_module      name:str flags:hex
kexec_load         entry:ptr count:uint segments:ptr flags:hex
bpf                command:int attributes:ptr size:uint
perf_event_open    attributes:ptr pid:int cpu:int group:fd flags:hex -> fd
userfaultfd        flags:fdflags -> fd
add_key            type:str description:str payload:ptr size:uint ring:int
request_key        type:str description:str callout:str ring:int
keyctl             operation:int second:hex third:hex fourth:hex fifth:hex
ioprio_set         which:int who:int priority:int
ioprio_get         which:int who:int
io_setup           count:uint context:ptr
io_destroy         context:hex
io_uring_setup     entries:uint parameters:ptr -> fd
io_uring_enter     fd:fd submit:uint complete:uint flags:hex set:ptr size:uint
io_uring_register  fd:fd operation:uint argument:ptr count:uint
mq_timedsend       queue:fd message:in(size) size:uint priority:uint timeout:struct(timespec)
mq_timedreceive    queue:fd message:out(size) size:uint priority:ptr timeout:struct(timespec) -> size
mq_notify          queue:fd event:ptr
mq_getsetattr      queue:fd new:ptr old:ptr
landlock_create_ruleset attributes:ptr size:uint flags:hex -> fd
landlock_add_rule  ruleset:fd type:int attributes:ptr flags:hex
landlock_restrict_self ruleset:fd flags:hex
syscall            number:int first:hex second:hex third:hex fourth:hex fifth:hex
sysfs              option:int first:hex second:hex
_sysctl            arguments:ptr
bdflush            function:int data:hex
nfsservctl         command:int argument:ptr result:ptr
vserver            command:hex id:uint data:ptr
quotactl_fd        fd:fd command:hex id:int address:ptr
kexec_file_load    kernel:fd initrd:fd size:uint command:str flags:hex
pciconfig_iobase   which:int bus:uint device:uint
pciconfig_read|pciconfig_write bus:uint device:uint offset:uint size:uint buffer:ptr
io_submit          context:hex count:int blocks:ptr
io_cancel          context:hex block:ptr event:ptr
io_getevents       context:hex least:int most:int events:ptr timeout:struct(timespec)
io_pgetevents      context:hex least:int most:int events:ptr timeout:struct(timespec) mask:ptr
io_pgetevents_time64 context:hex least:int most:int events:ptr timeout:struct(timespec64) mask:ptr
recvmmsg_time64    fd:fd messages:ptr count:uint flags:flags(msg) timeout:struct(timespec64)
mq_timedsend_time64 queue:fd message:in(size) size:uint priority:uint timeout:struct(timespec64)
mq_timedreceive_time64 queue:fd message:out(size) size:uint priority:ptr timeout:struct(timespec64) -> size
fsopen             type:str flags:hex -> fd
fsconfig           fd:fd command:uint key:str value:ptr auxiliary:int
fsmount            fd:fd flags:hex attributes:hex -> fd
fspick             at:at path:path flags:hex -> fd
open_tree          at:at path:path flags:fdflags -> fd
move_mount         from_at:at from:path to_at:at to:path flags:hex
mount_setattr      at:at path:path flags:hex attributes:ptr size:uint
cachestat          fd:fd range:ptr result:ptr flags:hex
""")  # noqa: E501
