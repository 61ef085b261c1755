"""The commands that gdb passes on (``monitor …``, packet ``qRcmd``): what armdbt knows beside what
any debugger asks for."""

import json
from collections.abc import Callable, Sequence

from dbt import choices
from dbt.gdb.context import OK, Answer
from dbt.gdb.packets import MOST, bytes_of
from dbt.process import Process
from dbt.stops import UsageError
from dbt.text import printable
from dbt.typing import TypeAlias

Command: TypeAlias = Callable[[Sequence[str]], str]


class Monitor:
    """Carries out the commands of ``monitor``. ``say`` sends a packet."""

    def __init__(self, process: Process, say: Callable[[bytes], None]) -> None:
        self._process, self._say = process, say
        self._commands: dict[str, tuple[str, str, Command]] = {
            "help": ("", "this list", self._help),
            "stats": ("", "figures of the run, as JSON", self._stats),
            "chain": (
                "[deny|allow PC|SYMBOL]",
                "which blocks nothing may chain into",
                self._chain,
            ),
            "explain": ("PC|SYMBOL", "all stages of a block", self._explain),
        }
        self.answers: dict[bytes, Answer] = {b"qRcmd": self._run}

    def _run(self, rest: bytes) -> bytes:
        words = printable(bytes_of(rest)).split() or ["help"]
        try:
            name = choices.one_of("monitor command", words[0], self._commands)
            text = self._commands[name][2](words[1:])
        except UsageError as error:
            text = printable(str(error))
        data = f"{text}\n".encode(errors="backslashreplace")
        most = (MOST - 1) // 2
        for at in range(0, len(data), most):
            self._say(b"O" + data[at : at + most].hex().encode())
        return OK

    def _help(self, words: Sequence[str]) -> str:
        _no_more(words)
        rows = [
            (f"monitor {name} {operands}".strip(), does)
            for name, (operands, does, _) in self._commands.items()
        ]
        width = max(len(usage) for usage, _ in rows)
        return "\n".join(f"{usage:{width}}  {does}" for usage, does in rows)

    def _stats(self, words: Sequence[str]) -> str:
        _no_more(words)
        return json.dumps(self._process.stats(), indent=2)

    def _chain(self, words: Sequence[str]) -> str:
        chain = self._process.chain
        if words:
            if len(words) != 2:
                raise UsageError("monitor chain deny|allow PC|SYMBOL")
            change = choices.one_of("change", words[0], ("deny", "allow"))
            (chain.deny if change == "deny" else chain.allow)(words[1])
        denied = " ".join(f"{pc:#x}" for pc in sorted(chain.denied))
        return f"chain {chain.mode}; denied: {denied or 'none'}"

    def _explain(self, words: Sequence[str]) -> str:
        if len(words) != 1:
            raise UsageError("monitor explain PC|SYMBOL")
        stages = self._process.explain(words[0])
        return "\n".join(f"-- {name}\n{text.rstrip()}" for name, text in stages.items())


def _no_more(words: Sequence[str]) -> None:
    if words:
        raise UsageError(f"nothing follows that command, not {words[0]!r}")
