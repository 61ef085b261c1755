"""Where blocks have to begin, for hooks and for the chain policy."""

from dbt.runtime.boundaries import Boundaries

A, B, C = 0x8000, 0x8004, 0x8008


class Seen:
    """Boundaries, and what they have said of each pc."""

    def __init__(self) -> None:
        self.cut: list[int] = []
        self.marked: list[tuple[int, bool]] = []
        self.boundaries = Boundaries(self.cut.append, lambda *what: self.marked.append(what))


def test_a_pc_stays_a_boundary_while_a_hook_or_the_policy_needs_it() -> None:
    seen = Seen()
    boundaries = seen.boundaries
    boundaries.add(A)
    boundaries.follow_policy_at(A, needed=True)
    boundaries.follow_policy_at(B, needed=True)
    assert boundaries.pcs == {A, B}
    assert seen.cut == [A, B]
    boundaries.remove(A)
    assert boundaries.pcs == {A, B}
    boundaries.follow_policy_at(A, needed=False)
    assert boundaries.pcs == {B}
    boundaries.add(B)
    boundaries.follow_policy_at(B, needed=False)
    assert boundaries.pcs == {B}
    boundaries.remove(B)
    assert not boundaries.pcs
    present: dict[int, bool] = dict(seen.marked)
    assert present == {A: False, B: False}


def test_all_pcs_of_the_policy_at_once_do_what_single_ones_do() -> None:
    seen = Seen()
    boundaries = seen.boundaries
    boundaries.add(C)
    boundaries.follow_policy({A, B, C})
    assert sorted(seen.cut) == [A, B, C]
    boundaries.follow_policy_at(A, needed=False)
    boundaries.follow_policy({B})
    assert boundaries.pcs == {B, C}
    boundaries.follow_policy(())
    assert boundaries.pcs == {C}
    assert dict(seen.marked) == {A: False, B: False, C: True}
