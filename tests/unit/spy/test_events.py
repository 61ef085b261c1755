"""Events and their lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.spy.events import FIELDS, ITEMS, TYPES, Event, Who

WHO = Who(7, 1, 1000, "sh")
VALUES = {
    int: st.integers(-(2**40), 2**40),
    str: st.text(),
    bool: st.booleans(),
    bytes: st.binary() | st.text().map(lambda text: text.encode(errors="surrogatepass")),
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(sorted(FIELDS)))
    names = draw(st.sets(st.sampled_from(sorted(FIELDS[kind]))))
    fields = {name: draw(VALUES[TYPES[name]]) for name in names - ITEMS.keys()}
    fields |= {name: draw(st.lists(VALUES[ITEMS[name]])) for name in names & ITEMS.keys()}
    who = draw(st.builds(Who, st.integers(1), st.integers(0), st.integers(0), st.text()))
    return Event(kind, draw(st.integers(0)), who, fields)


@given(events())
def test_a_line_tells_the_whole_event(event: Event) -> None:
    line = event.to_line()
    assert "\n" not in line
    assert Event.from_line(line) == event


def test_data_is_text_where_it_can_be() -> None:
    text = json.loads(Event("write", 0, WHO, {"data": "é\n".encode()}).to_line())
    other = json.loads(Event("write", 0, WHO, {"data": b"\xff\x00"}).to_line())
    assert text["data"] == "é\n"
    assert "data" not in other
    assert other["data64"] == "/wA="


def test_the_key_lane_of_older_records_is_the_stack_id() -> None:
    event = Event("unwound", 5, WHO, {"symbol": "f", "pc": 4, "depth": 0, "stack_id": 2})
    older = event.to_line().replace('"stack_id"', '"lane"')
    assert older != event.to_line()
    assert Event.from_line(older) == event
    with pytest.raises(ValueError, match="lane"):
        Event.from_line(older[:-1] + ',"stack_id":1}')


def test_the_sebek_header_is_there() -> None:
    line = Event("read", 5, WHO, {"fd": 3, "inode": 9, "size": 2, "data": b"ls"}).to_line()
    assert json.loads(line) == {
        "event": "read", "t": 5, "pid": 7, "ppid": 1, "uid": 1000, "process": "sh",
        "fd": 3, "inode": 9, "size": 2, "data": "ls",
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "field"), [("write", "colour"), ("eat", "fd")])
def test_what_the_schema_does_not_know_is_refused(kind: str, field: str) -> None:
    with pytest.raises(ValueError, match="no field"):
        Event(kind, 0, WHO, {field: 1})


@pytest.mark.parametrize(
    ("field", "value"), [("fd", "3"), ("peek", 1), ("data", "text"), ("fd", [3])]
)
def test_values_of_another_type_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="not the right type"):
        Event("read", 0, WHO, {field: value})


@pytest.mark.parametrize("argv", [["ls", 7], "ls", None])
def test_lists_hold_one_type(argv: object) -> None:
    with pytest.raises(ValueError, match="not the right type"):
        Event("exec", 0, WHO, {"argv": argv})


def test_the_schema_is_complete() -> None:
    assert set().union(*FIELDS.values()) == set(TYPES)


@pytest.mark.parametrize("line", ["", "7", "{}", "[1]", '{"event":"read"}', "{"])
def test_lines_that_are_no_events_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"no event|Expecting"):
        Event.from_line(line)
