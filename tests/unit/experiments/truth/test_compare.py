"""Alignment of event streams."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from dbt.experiments.truth import compare as module
from dbt.experiments.truth.compare import compare, difference
from dbt.hooks.records import Kind, Record


def call(function: int, insns: int = 0, *arguments: int, kind: Kind = Kind.CALL) -> Record:
    return Record(kind, function, f"f{function}", 0x8000, 0x9000, 0, insns, arguments=arguments)


def back(function: int, insns: int = 0, result: int = 0) -> Record:
    return Record(Kind.RETURN, function, f"f{function}", 0x8000, 0x9000, 0, insns, result=result)


def gone(function: int, insns: int = 0) -> Record:
    return Record(Kind.UNWOUND, function, f"f{function}", 0x8000, 0x9000, 0, insns)


def counts(truth: list[Record], found: list[Record]) -> tuple[int, int, int]:
    outcome = compare(truth, found)
    return len(outcome.found), len(outcome.missed), len(outcome.spurious)


def test_equal_streams() -> None:
    stream = [call(1), call(2), back(2), back(1)]
    assert compare(stream, stream).exact
    assert difference(stream, stream) == ""


def test_what_does_not_matter() -> None:
    true = attrs.evolve(call(1, 5), caller=0x7000, thread=7, depth=3)
    assert compare([true], [call(1, 6)]).exact


def test_what_matters() -> None:
    true = call(1, 0, 5)
    assert counts([true], [call(2, 0, 5)]) == (0, 1, 1)
    assert counts([true], [call(1, 0, 6)]) == (0, 1, 1)
    assert counts([true], [call(1, 0, 5, kind=Kind.TAIL_CALL)]) == (0, 1, 1)
    assert counts([true], [attrs.evolve(true, site=4)]) == (0, 1, 1)
    assert counts([back(1, 0, 1)], [back(1, 0, 2)]) == (0, 1, 1)
    assert counts([back(1, 0, -9)], [back(1, 0, 0xFFFFFFF7)]) == (1, 0, 0)


def test_results_of_system_calls_are_the_kernels_affair() -> None:
    pid = Record(Kind.SYSCALL_RETURN, 20, "getpid", 0x8000, 0x9000, 0, 0, result=100)
    assert compare([pid], [attrs.evolve(pid, result=101)]).exact


def test_missed_and_spurious_in_the_middle() -> None:
    truth = [call(1), call(2), back(2), call(3), back(3), back(1)]
    found = [call(1), call(3), back(3), call(4), back(1)]
    outcome = compare(truth, found)
    assert [r.function for r in outcome.missed] == [2, 2]
    assert [r.function for r in outcome.spurious] == [4]
    assert [r.function for r in outcome.found] == [1, 3, 3, 1]


def test_instruction_counts_decide_between_equal_records() -> None:
    truth = [call(1, 10), call(1, 20), call(1, 30)]
    outcome = compare(truth, [call(1, 10), call(1, 30)])
    assert [r.insns for r in outcome.missed] == [20]


def test_order_matters_but_for_unwound() -> None:
    assert counts([call(1), call(2)], [call(2), call(1)]) == (1, 1, 1)
    truth = [call(1), call(2), gone(2), call(3), back(3), back(1)]
    late = [call(1), call(2), call(3), back(3), gone(2), back(1)]
    assert compare(truth, late).exact
    assert counts(truth, [r for r in late if r.kind is not Kind.UNWOUND]) == (5, 1, 0)
    assert counts(truth, [*late, gone(2)]) == (6, 0, 1)


def test_a_difference_shows_what_is_around_it() -> None:
    truth = [call(n, n) for n in range(20)]
    text = difference(truth, [r for r in truth if r.function != 10])
    assert text.splitlines()[0] == "19 found, 1 missed, 0 spurious"
    assert "- call f10 site=0x8000" in text
    assert "  call f7 " in text
    assert "  call f13 " in text
    assert "f14" not in text
    assert "+ call f10" in difference([r for r in truth if r.function != 10], truth)


def test_a_gap_too_long_to_align_is_matched_in_any_order(monkeypatch) -> None:
    monkeypatch.setattr(module, "LONGEST_GAP", 2)
    truth = [call(1), call(2), call(3)]
    outcome = compare(truth, [call(3, 1), call(9, 1), call(1, 1)])
    assert (len(outcome.found), len(outcome.missed), len(outcome.spurious)) == (2, 1, 1)


streams = st.lists(
    st.builds(
        Record,
        st.sampled_from([Kind.CALL, Kind.RETURN, Kind.UNWOUND]),
        st.integers(1, 3),
        st.just("f"),
        st.integers(0, 1),
        st.just(0),
        st.just(0),
        st.integers(0, 5),
    ),
    max_size=12,
)


@given(streams, streams)
def test_every_record_is_accounted_for_once(truth: list[Record], found: list[Record]) -> None:
    outcome = compare(truth, found)
    assert len(outcome.found) + len(outcome.missed) == len(truth)
    assert len(outcome.found) + len(outcome.spurious) == len(found)
    assert outcome.exact == (difference(truth, found) == "")


@given(streams, st.data())
def test_a_dropped_record_is_the_only_one_missed(truth: list[Record], data: st.DataObject) -> None:
    if truth:
        at = data.draw(st.integers(0, len(truth) - 1))
        truth = [attrs.evolve(record, insns=index) for index, record in enumerate(truth)]
        outcome = compare(truth, truth[:at] + truth[at + 1 :])
        assert len(outcome.missed) == 1
        assert not outcome.spurious
