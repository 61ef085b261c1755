"""Calls that change names and files as such, and mappings of files."""

from typing import Any

from dbt.spy.tap import Call, Tap, after, signed

PAGE = 4096

_OPERATIONS = {
    op: tuple(names.split())
    for op, names in {
        "unlink": "unlink unlinkat",
        "rmdir": "rmdir",
        "mkdir": "mkdir mkdirat",
        "mknod": "mknod mknodat",
        "symlink": "symlink symlinkat",
        "chmod": "chmod fchmod fchmodat fchmodat2",
        "chown": "chown chown32 lchown lchown32 fchown fchown32 fchownat",
        "truncate": "truncate truncate64 ftruncate ftruncate64",
        "utime": "utime utimes utimensat utimensat_time64",
        "rename": "rename renameat renameat2",
        "link": "link linkat",
        "chdir": "chdir fchdir",
    }.items()
}
_OP_OF = {name: op for op, names in _OPERATIONS.items() for name in names}


@after(*_OP_OF)
def changed(tap: Tap, call: Call) -> None:
    """Record that a name, or the file it names, was changed, or that the change failed."""
    op = "rmdir" if "AT_REMOVEDIR" in call.flags() else _OP_OF[call.name]
    path, fields = _names(tap, call)
    if call.has("mode"):
        fields["mode"] = call["mode"]
    if call.has("uid"):
        fields["owner"] = f"{signed(call['uid'])}:{signed(call['gid'])}"
    if call.has("length"):
        fields["size"] = call["length"]
    fields |= call.error
    tap.tell("file", call.ended, syscall=call.name, op=op, path=path, **fields)
    if op == "chdir" and path and not call.failed:
        tap.cwd = path


def _names(tap: Tap, call: Call) -> tuple[str, dict[str, Any]]:
    """The path that a call is about, and the fields with other names."""
    if call.has("old"):
        return tap.path(call, "old", "old_at"), {"to": tap.path(call, "new", "new_at")}
    if call.has("fd"):
        handle = tap.known(call.fd())
        return (handle.thing.path if handle is not None else ""), {}
    link = {"link": call.string("target")} if call.has("target") else {}
    return tap.path(call), link


# -- mappings --------------------------------------------------------------------------------------

_PROTECTION = (("PROT_READ", "r"), ("PROT_WRITE", "w"), ("PROT_EXEC", "x"))


@after("mmap2", "mmap")
def mapped(tap: Tap, call: Call) -> None:
    """Record a mapping of a file. One that failed has had no effect and is not recorded."""
    offset = call["page"] * PAGE
    new = call
    if call.has("arguments"):  # the old call: six words in memory, the offset in bytes
        words = tap.guest.words(call["arguments"], 6)
        decoded = tap.guest.decode("mmap2", list(words), call.decoded.result)
        new, offset = Call(decoded, call.began, call.ended), words[5]
    flags = new.flags()
    if call.failed or "MAP_ANONYMOUS" in flags:
        return
    prot = "".join(letter if name in new.flags("prot") else "-" for name, letter in _PROTECTION)
    tap.tell(
        "map", call.ended, syscall=call.name, **tap.described(new.fd(), tap.known(new.fd())),
        at=call.value & 0xFFFFFFFF, size=new["length"], offset=offset, prot=prot,
        shared="MAP_SHARED" in flags,
    )  # fmt: skip
