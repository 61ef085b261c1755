"""Who writes what where, and who reads it: a small Qebek on the hook API.

python docs/examples/who_talks.py tests/guests/processes.elf, or another program with a `print`.
"""

import os
import sys

import dbt

names = {0: "stdin", 1: "stdout", 2: "stderr"}


def tell(*words):
    """One write a line: forked children write here, too."""
    os.write(2, f"{os.getpid()} {' '.join(map(str, words))}\n".encode())


def left(call):
    """A system call has returned, in this process or in one that it forked."""
    if call.result < 0:
        return
    decoded = call.decoded
    if call.name in ("open", "openat", "creat"):
        names[call.result] = os.fsdecode(decoded["path"].content)
    elif call.name in ("pipe", "pipe2"):
        names.update(zip(decoded["fds"].content, ("pipe's end", "pipe's start"), strict=True))
    elif call.name in ("dup", "dup2", "dup3"):
        names[call.result] = names.get(call.arguments[0])
    elif call.name in ("read", "write"):
        data = decoded["buffer"].content[: call.result]
        tell(call.name, names.get(call.arguments[0]), data)


if len(sys.argv) < 2:
    print("usage: who_talks.py PROGRAM [ARGUMENT ...]", file=sys.stderr)
    sys.exit(2)
with dbt.Process(sys.argv[1], sys.argv[2:]) as process:
    process.hooks.on_syscall(None, left, leaving=True)
    process.hooks.on_call("print", lambda call: tell("print called from", hex(call.return_to)))
    process.hooks.on_return("print", lambda call: tell("print returns", call.result))
    process.run()
