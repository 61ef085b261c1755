"""SIGTERM raises once, and what was there before is there again."""

import os
import signal

import pytest

from dbt.interruption import Terminated, caught, name_of, status_of
from dbt.process.ending import describe_error


def test_it_is_raised_once() -> None:
    with caught():
        with pytest.raises(Terminated) as raised:
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert (name_of(raised.value), status_of(raised.value)) == ("SIGTERM", 143)
    assert describe_error(raised.value) == ("", 143)
    assert describe_error(KeyboardInterrupt()) == ("", 130)


def test_what_others_have_decided_stays() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with caught():
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
