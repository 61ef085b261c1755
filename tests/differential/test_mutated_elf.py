"""Damaged ELF files end in order. `make mutate` runs 2,000; here are fewer."""

from support.elf_mutation import campaign, mutant


def test_mutants_are_reproducible_and_differ() -> None:
    assert mutant(5, 1) == mutant(5, 1)
    assert len({mutant(number, 1).data for number in range(50)}) > 45


def test_no_traceback_no_hang_no_crash() -> None:
    failures = campaign(60, seed=7)
    assert not failures, [(f.mutant.number, f.mutant.what, f.reason) for f in failures]
