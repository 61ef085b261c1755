"""Results tell the world in which they were measured."""

from pathlib import Path

import pytest

from dbt.experiments.harness.host_facts import machine_facts


def test_results_tell_the_world_of_their_guests(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = machine_facts()
    assert facts["guest_environment"] == "empty"
    assert facts["guest_directory"] == f"{len(str(Path.cwd()))} characters"
    assert "guest_user" in facts
    monkeypatch.chdir("/")
    assert machine_facts()["guest_directory"] == "1 characters"
