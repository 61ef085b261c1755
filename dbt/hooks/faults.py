"""Fault plans: system calls that fail as a short text says.

    openat "/etc/*": EACCES always
    openat: ENOENT every 3rd
    write fd=1: EINTR first
    read: EIO after 5
    connect: ECONNREFUSED 10% seed 7

A rule is the call's name (``a|b`` for several), conditions, a colon, the error, and when:

- conditions: ``"PATTERN"``, that one of the call's paths matches (``*?[]`` as in a shell, ``*``
  also over slashes); ``fd=N``, that it works on that descriptor; one of each may be given.
- when: ``always`` (also when nothing is said), ``first``, ``first N``, ``at N``, ``every Nth``,
  ``after N`` (all but the first N), ``P%`` or ``P% seed S`` (the same calls in every run).

Each rule counts the calls that match it, from 1, whether or not another rule made them fail; of
several rules that want a call to fail, the first in the plan decides. The call is not executed:
the guest gets the error, also EINTR, which is not restarted. A child that the guest forks continues
with the counts of its parent, and then counts by itself. Rules are separated by semicolons or
newlines; ``#`` outside of quotes begins a comment.
"""

import errno
import random
import re
from collections.abc import Callable, Collection
from fnmatch import translate
from functools import cache, partial

import attrs

from dbt import choices
from dbt.hooks.callbacks.events import SyscallEvent
from dbt.hooks.points import Remove, take_out
from dbt.stops import UsageError
from dbt.syscalls import DecodedCall
from dbt.typing import Any, Protocol


class Calls(Protocol):
    """What a plan needs of the kernel: the names of calls, a place to be reported from."""

    faults: "list[FaultPlan]"

    def call_names(self) -> Collection[str]: ...


class Hooks(Protocol):
    """``process.hooks``."""

    def on_syscall(self, name: str | None, hook: Callable[[SyscallEvent], Any]) -> Remove: ...


class Target(Protocol):
    """A process."""

    @property
    def hooks(self) -> Hooks: ...
    @property
    def kernel(self) -> Calls: ...


@attrs.frozen
class When:
    """Which of the matching calls fail: ``wants`` is called once for each, in order, with its
    number and the rule's random numbers."""

    text: str
    wants: Callable[[int, random.Random], bool] = attrs.field(repr=False, eq=False)
    seed: int = 0


@attrs.define
class Rule:
    """One line of a plan, and how often it matched and made a call fail."""

    text: str
    names: tuple[str, ...]
    error: int
    when: When
    path: re.Pattern[str] | None = None
    fd: int | None = None
    matched: int = 0
    injected: int = 0
    _random: random.Random = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.when.seed)

    def fails(self, name: str, call: Callable[[], DecodedCall]) -> bool:
        """Whether this call fails. ``call`` decodes its arguments, where they are needed."""
        if name not in self.names or not self._matches(call):
            return False
        self.matched += 1
        return self.when.wants(self.matched, self._random)

    def _matches(self, call: Callable[[], DecodedCall]) -> bool:
        if self.path is not None:
            pattern = self.path
            if not any(pattern.match(path.decode("latin-1")) for path in call().paths):
                return False
        return self.fd is None or self.fd in call().fds


@attrs.define
class FaultPlan:
    """Rules in order. ``attach`` makes them work on a process."""

    rules: list[Rule]

    @classmethod
    def parse(cls, text: str) -> "FaultPlan":
        """The plan a text describes. Raises UsageError that names the rule and what is wrong; the
        names of calls are a kernel's, and are checked by ``attach``."""
        text = choices.word("a fault plan", text)
        parts = (part.strip() for line in text.splitlines() for part in _split(line))
        rules = [_rule(part) for part in parts if part]
        if not rules:
            raise UsageError("fault plan: there is no rule in it")
        return cls(rules)

    def attach(self, process: Target) -> Remove:
        """Make the process's calls fail by this plan. Returns a function that ends it.

        Raises UsageError for a name that is no system call, and for what is no process.
        """
        if not hasattr(process, "kernel"):
            raise UsageError(f"a fault plan is attached to a Process, not {choices.shown(process)}")
        kernel = process.kernel
        known = kernel.call_names()
        for rule in self.rules:
            for name in rule.names:
                if name not in known:
                    raise _bad(rule.text, str(choices.unknown("system call", name, known)))
        remove = process.hooks.on_syscall(None, self._entering)
        kernel.faults.append(self)

        def detach() -> None:
            remove()
            take_out(kernel.faults, self)

        return detach

    def _entering(self, event: SyscallEvent) -> None:
        call = cache(lambda: event.decoded)
        wanting = [rule for rule in self.rules if rule.fails(event.name, call)]
        if wanting and event.result is None:
            wanting[0].injected += 1
            event.result = -wanting[0].error

    def report(self) -> list[tuple[str, int, int]]:
        """Each rule's text, the calls that matched it, and those it made fail."""
        return [(rule.text, rule.matched, rule.injected) for rule in self.rules]


# -- The text --------------------------------------------------------------------------------------

_RULE = re.compile(
    r'(?P<names>[\w|]+)(?P<conditions>(?:\s+(?:"[^"]*"|fd=\d+))*)\s*:\s*(?P<error>\w+)\s*(?P<when>.*)'
)
_CONDITION = re.compile(r'"([^"]*)"|fd=(\d+)')


def _split(line: str) -> list[str]:
    """At semicolons, and without the comment; within quotes there is neither."""
    return re.findall(r'((?:"[^"]*"|[^;#"]|")+)|#.*', line)


def _rule(text: str) -> Rule:
    match = _RULE.fullmatch(text)
    if match is None:
        raise _bad(text, 'a rule is NAME ["PATTERN"] [fd=N]: ERROR [WHEN]')
    number = getattr(errno, match["error"], None)
    if not isinstance(number, int) or not match["error"].startswith("E"):
        names = list(errno.errorcode.values())
        raise _bad(text, str(choices.unknown("error", match["error"], names)))
    rule = Rule(text, tuple(match["names"].split("|")), number, _when(text, match["when"]))
    for pattern, fd in _CONDITION.findall(match["conditions"]):
        if (rule.fd if fd else rule.path) is not None:
            raise _bad(text, f"there is more than one {'fd=N' if fd else 'PATTERN'}")
        if fd:
            rule.fd = int(fd)
        else:
            rule.path = re.compile(translate(pattern))
    return rule


def _bad(text: str, why: str) -> UsageError:
    return UsageError(f"fault plan: {text!r}: {why}")


def _at_most(count: int, seen: int, _: random.Random) -> bool:
    return seen <= count


def _beyond(count: int, seen: int, _: random.Random) -> bool:
    return seen > count


def _exactly(count: int, seen: int, _: random.Random) -> bool:
    return seen == count


def _each(count: int, seen: int, _: random.Random) -> bool:
    return seen % count == 0


def _sometimes(percent: float, _: int, draw: random.Random) -> bool:
    return draw.random() * 100 < percent


_COUNTED = {"first": _at_most, "after": _beyond, "at": _exactly, "every": _each}
_WHEN = re.compile(
    r"(?P<word>first|after|at|every)(?:\s+(?P<count>\d+)(?:st|nd|rd|th)?)?"
    r"|(?P<percent>\d+(?:\.\d+)?)%(?:\s+seed\s+(?P<seed>\d+))?"
)


def _when(rule: str, text: str) -> When:
    if text in ("", "always"):
        return When("always", partial(_beyond, 0))
    match = _WHEN.fullmatch(text)
    if match is None:
        raise _bad(
            rule, f"{text!r} is none of always, first N, at N, every Nth, after N, P% seed S"
        )
    if match["percent"]:
        percent = float(match["percent"])
        if percent > 100:
            raise _bad(rule, f"{match['percent']}% is more than all")
        return When(text, partial(_sometimes, percent), int(match["seed"] or 0))
    word = match["word"]
    if match["count"] is None and word != "first":
        raise _bad(rule, f"{word} needs a number")
    count = int(match["count"] or 1)
    if not count and word != "after":
        raise _bad(rule, f"{word} 0 never happens")
    return When(text, partial(_COUNTED[word], count))
