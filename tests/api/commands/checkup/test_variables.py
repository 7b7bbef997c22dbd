"""Which settings are said to be mistaken."""

from api.commands.checkup import variables
from api.commands.checkup.finding import Status, Target
from api.settings import ApiSettings
from tests.api.commands.checkup.conftest import only

SETTINGS = ApiSettings()


def test_a_variable_that_nothing_reads_is_told_with_the_nearest() -> None:
    """A typing error would otherwise leave a default in force, silently."""
    target = Target(
        settings=SETTINGS,
        variables={"KERBSIDE_DRAIN": "3", "KERBSIDE_LEASE_S": "9", "KERBSIDE_URL": "x"},
        options=frozenset({"KERBSIDE_URL"}),
    )

    found = only(variables.check(target), "settings")

    assert found.status is Status.WARNING
    assert found.found == "nothing reads KERBSIDE_DRAIN"
    assert "Did you mean KERBSIDE_DRAIN_S?" in found.remedy


def test_variables_that_are_read_are_named_without_their_values() -> None:
    """An address holds a password."""
    target = Target(
        settings=SETTINGS, variables={"KERBSIDE_REDIS_URL": "redis://:hunter2@x"}
    )

    found = only(variables.check(target), "settings")

    assert found.status is Status.OK
    assert "KERBSIDE_REDIS_URL" in found.found
    assert "hunter2" not in str(found)


def test_a_value_that_cannot_be_is_told() -> None:
    """The other checks go on with its default."""
    target = Target(
        settings=SETTINGS,
        variables={"KERBSIDE_LEASE_S": "soon"},
        invalid={"KERBSIDE_LEASE_S": "Input should be a valid number"},
    )

    found = only(variables.check(target), "settings")

    assert found.status is Status.FAILED
    assert found.found == "KERBSIDE_LEASE_S: Input should be a valid number"
