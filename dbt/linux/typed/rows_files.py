"""Signatures: files, directories, descriptors, input and output."""

from dbt.linux.typed.model import parse_rows

ROWS = parse_rows("""
open               path:path flags:open mode:openmode -> fd
openat             at:at path:path flags:open mode:openmode -> fd
openat2            at:at path:path how:ptr size:uint -> fd
creat              path:path mode:mode -> fd
close              fd:fd
close_range        first:uint last:uint flags:flags(close_range)
read               fd:fd buffer:out(count) count:int(unsigned) -> size
write              fd:fd buffer:in(count) count:int(unsigned) -> size
readv              fd:fd vector:outiov(count) count:uint -> size
writev             fd:fd vector:iov(count) count:uint -> size
pread64            fd:fd buffer:out(count) count:int(unsigned) offset:s64 -> size
pwrite64           fd:fd buffer:in(count) count:int(unsigned) offset:s64 -> size
preadv             fd:fd vector:outiov(count) count:uint offset:words64 -> size
pwritev            fd:fd vector:iov(count) count:uint offset:words64 -> size
preadv2            fd:fd vector:outiov(count) count:uint offset:words64 flags:flags(rwf) -> size
pwritev2           fd:fd vector:iov(count) count:uint offset:words64 flags:flags(rwf) -> size
sendfile|sendfile64 out:fd in:fd offset:ptr count:uint -> size
splice             in:fd in_offset:ptr out:fd out_offset:ptr count:uint flags:flags(splice) -> size
tee                in:fd out:fd count:uint flags:flags(splice) -> size
vmsplice           fd:fd vector:iov(count) count:uint flags:flags(splice) -> size
copy_file_range    in:fd in_offset:ptr out:fd out_offset:ptr count:uint flags:uint -> size
lseek              fd:fd offset:int whence:whence -> size
_llseek            fd:fd high:uint low:uint result:outint64 whence:enum(whence)
fsync|fdatasync|syncfs fd:fd
sync
fadvise64_64|arm_fadvise64_64 fd:fd advice:int offset:s64 length:s64
sync_file_range2|arm_sync_file_range fd:fd flags:flags(sync_range) offset:s64 length:s64
readahead          fd:fd offset:s64 count:uint
fallocate          fd:fd mode:flags(fallocate) offset:s64 length:s64
truncate           path:path length:int
truncate64         path:path length:s64
ftruncate          fd:fd length:int
ftruncate64        fd:fd length:s64
dup                fd:fd -> fd
dup2               fd:fd new:fd -> fd
dup3               fd:fd new:fd flags:fdflags -> fd
fcntl|fcntl64      fd:fd command:fcntl argument:fcntlarg
ioctl              fd:fd request:ioctl argument:ioctlarg
flock              fd:fd operation:flags(lock)
pipe               fds:outfds
pipe2              fds:outfds flags:fdflags
access             path:path mode:flags(access)
faccessat|faccessat2 at:at path:path mode:flags(access) flags:flags(at)
stat|lstat         path:path buffer:outstruct(stat)
stat64|lstat64     path:path buffer:outstruct(stat64)
fstat              fd:fd buffer:outstruct(stat)
fstat64            fd:fd buffer:outstruct(stat64)
fstatat64|newfstatat at:at path:path buffer:outstruct(stat64) flags:flags(at)
statx              at:at path:path flags:flags(statx) mask:flags(statx_mask) buffer:outstruct(statx)
statfs             path:path buffer:outstruct(statfs)
fstatfs            fd:fd buffer:outstruct(statfs)
statfs64           path:path size:uint buffer:outstruct(statfs64)
fstatfs64          fd:fd size:uint buffer:outstruct(statfs64)
ustat              device:hex buffer:ptr
readlink           path:path buffer:out(size) size:uint -> size
readlinkat         at:at path:path buffer:out(size) size:uint -> size
getcwd             buffer:outstr size:int(unsigned) -> size
getdents|getdents64 fd:fd buffer:out(size) size:uint -> size
readdir            fd:fd entry:ptr count:uint
chdir|chroot|acct|swapoff|uselib path:path
swapon             path:path flags:hex
fchdir             fd:fd
chmod              path:path mode:mode
fchmod             fd:fd mode:mode
fchmodat           at:at path:path mode:mode
fchmodat2          at:at path:path mode:mode flags:flags(at)
chown|lchown|chown32|lchown32 path:path uid:int gid:int
fchown|fchown32    fd:fd uid:int gid:int
fchownat           at:at path:path uid:int gid:int flags:flags(at)
mkdir              path:path mode:mode
mkdirat            at:at path:path mode:mode
mknod              path:path mode:mode device:dev
mknodat            at:at path:path mode:mode device:dev
rmdir|unlink       path:path
unlinkat           at:at path:path flags:flags(unlinkat)
rename             old:path new:path
renameat           old_at:at old:path new_at:at new:path
renameat2          old_at:at old:path new_at:at new:path flags:flags(rename)
link               old:path new:path
linkat             old_at:at old:path new_at:at new:path flags:flags(linkat)
symlink            target:str path:path
symlinkat          target:str at:at path:path
umask              mask:oct -> oct
utime              path:path times:struct(utimbuf)
utimes             path:path times:ptr
futimesat          at:at path:path times:ptr
utimensat|utimensat_time64 at:at path:path times:ptr flags:flags(at)
mount              source:str target:path type:str flags:flags(mount) data:ptr
umount             target:path
umount2            target:path flags:flags(umount)
pivot_root         new:path old:path
setxattr|lsetxattr path:path name:str value:in(size) size:uint flags:flags(xattr)
fsetxattr          fd:fd name:str value:in(size) size:uint flags:flags(xattr)
getxattr|lgetxattr path:path name:str value:out(size) size:uint -> size
fgetxattr          fd:fd name:str value:out(size) size:uint -> size
listxattr|llistxattr path:path list:out(size) size:uint -> size
flistxattr         fd:fd list:out(size) size:uint -> size
removexattr|lremovexattr path:path name:str
fremovexattr       fd:fd name:str
memfd_create       name:str flags:flags(memfd) -> fd
inotify_init       -> fd
inotify_init1      flags:fdflags -> fd
inotify_add_watch  fd:fd path:path mask:hex
inotify_rm_watch   fd:fd watch:int
name_to_handle_at  at:at path:path handle:ptr mount:ptr flags:hex
open_by_handle_at  mount:fd handle:ptr flags:open -> fd
fanotify_init      flags:hex event_flags:fdflags -> fd
fanotify_mark      fd:fd flags:hex mask:u64 at:at path:path
quotactl           command:hex special:str id:int address:ptr
lookup_dcookie     cookie:u64 buffer:out(size) size:uint -> size
mq_open            name:str flags:open mode:openmode attributes:ptr -> fd
mq_unlink          name:str
""")
