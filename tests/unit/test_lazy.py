"""Attributes that are computed at their first use."""

from dbt.lazy import lazy_property


class Counted:
    """Counts how often its attribute is computed."""

    computed = 0

    @lazy_property
    def value(self) -> int:
        """What it is."""
        self.computed += 1
        return 40 + self.computed


def test_it_is_computed_once_for_each_object() -> None:
    one, other = Counted(), Counted()
    assert (one.value, one.value, other.value) == (41, 41, 41)
    assert (one.computed, other.computed) == (1, 1)


def test_the_class_has_its_documentation() -> None:
    assert isinstance(Counted.value, lazy_property)
    assert Counted.value.__doc__ == "What it is."


def test_another_value_can_be_set() -> None:
    one = Counted()
    one.__dict__["value"] = 7
    assert (one.value, one.computed) == (7, 0)
