"""Watch a recursive function, police system calls, and keep the function out of the chain."""

import dbt
from dbt.data import DEMO
from dbt.instrument.block_count import BlockCount

with dbt.Process(DEMO, ["1000"], passes=[BlockCount()]) as process:
    depths = []
    process.hooks.on_call("fib", lambda call: depths.append(call.argument(0)))
    process.hooks.on_syscall("getpid", lambda call: setattr(call, "result", 42))
    process.chain.deny(process.resolve("helper"))

    stop = process.run(max_insns=10_000_000)

    dispatches = process.stats()["dispatches"]
    blocks = sum(process.counters.snapshot("block:").values())
    print(stop, "after", process.stats()["instructions"], "instructions in", blocks, "blocks")
print("fib was called", len(depths), "times;", dispatches["denied"], "entries were denied a link")
