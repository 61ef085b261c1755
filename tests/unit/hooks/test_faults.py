"""Fault plans: what the text may say, and that exactly the calls it means fail."""

import errno
import random
from collections.abc import Callable, Collection
from typing import Any

import attrs
import pytest

from dbt.hooks.callbacks.events import SyscallEvent
from dbt.hooks.faults import FaultPlan
from dbt.stops import UsageError
from dbt.syscalls import DecodedArgument, DecodedCall


def decoded(name: str, path: bytes, fd: int) -> DecodedCall:
    """A call with a path, if it is not empty, and a descriptor, if it is not negative."""
    paths = [DecodedArgument("path", "path", 0, repr(path), path)] if path else []
    fds = [DecodedArgument("fd", "fd", fd, str(fd))] if fd >= 0 else []
    return DecodedCall(name, (*paths, *fds))


@attrs.define
class Process:
    """A process whose calls are made here."""

    faults: list[FaultPlan] = attrs.field(factory=list)
    entering: list[Callable[[SyscallEvent], Any]] = attrs.field(factory=list)
    looks: int = 0
    """How often a call was put into words."""

    @property
    def hooks(self) -> "Process":
        return self

    @property
    def kernel(self) -> "Process":
        return self

    def on_syscall(
        self, name: str | None, hook: Callable[[SyscallEvent], Any]
    ) -> Callable[[], None]:
        assert name is None
        self.entering.append(hook)
        return lambda: self.entering.remove(hook)

    def call_names(self) -> Collection[str]:
        return ["open", "openat", "read", "write", "brk", "connect"]

    def call(self, name: str, path: bytes = b"", fd: int = -1, result: int | None = None) -> str:
        """The error a call gets, or nothing."""

        def decode(*_: object) -> DecodedCall:
            self.looks += 1
            return decoded(name, path, fd)

        event = SyscallEvent(name, [0] * 7, None, None, decode, result)  # type: ignore[arg-type]
        for hook in self.entering:
            hook(event)
        return "" if event.result is None or event.result >= 0 else errno.errorcode[-event.result]


def failing(plan: str, calls: int = 12, name: str = "read") -> list[int]:
    """Which of ``calls`` calls fail, from 1."""
    process = Process()
    FaultPlan.parse(plan).attach(process)
    return [i for i in range(1, calls + 1) if process.call(name)]


@pytest.mark.parametrize(
    ("when", "fail"),
    [
        ("", list(range(1, 13))),
        ("always", list(range(1, 13))),
        ("first", [1]),
        ("first 3", [1, 2, 3]),
        ("at 4", [4]),
        ("every 3rd", [3, 6, 9, 12]),
        ("every 3", [3, 6, 9, 12]),
        ("every 2nd", [2, 4, 6, 8, 10, 12]),
        ("every 1st", list(range(1, 13))),
        ("after 9", [10, 11, 12]),
        ("after 0", list(range(1, 13))),
        ("0% seed 7", []),
        ("100% seed 7", list(range(1, 13))),
    ],
)
def test_when(when: str, fail: list[int]) -> None:
    assert failing(f"read: EIO {when}") == fail


def test_a_share_of_the_calls_is_the_same_in_every_run() -> None:
    draw = random.Random(7)
    expected = [i for i in range(1, 1001) if draw.random() < 0.1]
    assert failing("read: EIO 10% seed 7", 1000) == expected
    assert 70 < len(expected) < 130
    assert failing("read: EIO 10% seed 8", 1000) != expected


def test_a_call_is_put_into_words_once_and_only_when_a_condition_asks() -> None:
    process = Process()
    FaultPlan.parse('open "/a": EIO; open fd=1: EIO; read: EIO').attach(process)
    process.call("read")
    process.call("brk")
    assert process.looks == 0
    process.call("open")
    assert process.looks == 1


def test_only_calls_that_match_are_counted() -> None:
    process = Process()
    plan = FaultPlan.parse('openat "/etc/*": EACCES every 2nd; write fd=1: EINTR first')
    plan.attach(process)
    results = [
        process.call("openat", path) for path in (b"/etc/a", b"/tmp", b"/etc/b/c", b"/etc/d")
    ]
    assert results == ["", "", "EACCES", ""]
    assert [process.call("write", fd=fd) for fd in (2, 1, 1)] == ["", "EINTR", ""]
    assert process.call("read") == ""
    assert plan.report() == [
        ('openat "/etc/*": EACCES every 2nd', 3, 1),
        ("write fd=1: EINTR first", 2, 1),
    ]


def test_the_first_rule_that_wants_to_has_its_way_and_all_count() -> None:
    process = Process()
    plan = FaultPlan.parse("read: EIO every 2nd\nread: EAGAIN every 3rd")
    plan.attach(process)
    results = [process.call("read") for _ in range(6)]
    assert results == ["", "EIO", "EAGAIN", "EIO", "", "EIO"]
    assert [injected for _, _, injected in plan.report()] == [3, 1]


def test_several_names_both_conditions_and_comments() -> None:
    process = Process()
    plan = FaultPlan.parse("""
        open|openat "a;b*" fd=3 : EPERM   # a semicolon in quotes is no end

        # nothing here
        brk:ENOMEM
    """)
    assert len(plan.rules) == 2
    plan.attach(process)
    assert process.call("open", b"a;b", 3) == "EPERM"
    assert process.call("openat", b"a;bc", 3) == "EPERM"
    assert process.call("openat", b"a;bc", 4) == ""
    assert process.call("openat", b"x", 3) == ""
    assert process.call("brk") == "ENOMEM"


def test_within_quotes_no_comment_begins() -> None:
    process = Process()
    plan = FaultPlan.parse("""
        openat "/tmp/#x*;#": EIO # and "here" one does
        open "#": EPERM; read: EIO#; brk: EIO
    """)
    plan.attach(process)
    assert len(plan.rules) == 3
    assert process.call("openat", b"/tmp/#xy;#") == "EIO"
    assert process.call("openat", b"/tmp/y") == ""
    assert process.call("open", b"#") == "EPERM"
    assert (process.call("read"), process.call("brk")) == ("EIO", "")


def test_a_result_that_another_hook_gave_stands() -> None:
    process = Process()
    plan = FaultPlan.parse("read: EIO")
    plan.attach(process)
    assert process.call("read", result=5) == ""
    assert plan.report() == [("read: EIO", 1, 0)]


def test_a_plan_can_be_taken_off() -> None:
    process = Process()
    detach = FaultPlan.parse("read: EIO").attach(process)
    assert process.call("read") == "EIO"
    detach()
    assert process.call("read") == ""
    assert process.faults == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no rule in it"),
        ("# only words", "there is no rule in it"),
        ("read EIO", "a rule is NAME"),
        ("read: EIOU", "no error 'EIOU'; did you mean 'EIO'"),
        ("read: errorcode", "no error 'errorcode'"),
        ("read: EIO sometimes", "'sometimes' is none of always"),
        ("read: EIO every", "every needs a number"),
        ("read: EIO every 0th", "every 0 never happens"),
        ("read: EIO 101%", "101% is more than all"),
        ('read "/etc: EIO', "a rule is NAME"),
        ("read fd=x: EIO", "a rule is NAME"),
        ('open "/a" "/b": EIO', "there is more than one PATTERN"),
        ('open "" "/b": EIO', "there is more than one PATTERN"),
        ("read fd=0 fd=4: EIO", "there is more than one fd=N"),
        ('open "/a" fd=3 "/b": EIO', "there is more than one PATTERN"),
        ('open "/a#: EIO', "a rule is NAME"),
        ("read: EIO; rad: EIO", "no system call 'rad'; did you mean 'read'"),
    ],
)
def test_errors_are_one_line_and_name_the_rule(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        FaultPlan.parse(text).attach(Process())
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
