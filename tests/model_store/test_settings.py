"""Settings come from what is passed in, and only from there."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from model_store.settings import PREFIX, ModelSettings


def test_without_variables_everything_has_a_default() -> None:
    """A newcomer sets nothing."""
    settings = ModelSettings.from_env({})

    assert settings == ModelSettings()
    assert settings.model_store_url() == "var/models"


def test_variables_are_read_from_the_mapping() -> None:
    """A variable is the prefix and the field's name in capitals."""
    settings = ModelSettings.from_env({"KERBSIDE_STATE_DIR": "/srv/kerbside"})

    assert settings.state_dir == Path("/srv/kerbside")
    assert settings.model_store_url() == "/srv/kerbside/models"


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n"])
def test_trusted_keys_are_a_list(between: str) -> None:
    """One line or several, as the file allows that they stand in."""
    keys = (f"ed25519:{'A' * 43}=", f"ed25519:{'B' * 43}=")

    for text in (between.join(keys), between.join((*keys, ""))):
        settings = ModelSettings.from_env({"KERBSIDE_TRUSTED_KEYS": text})

        assert settings.trusted_keys == keys


def test_a_key_of_another_form_is_refused_without_its_text() -> None:
    """It may be the half that nobody may see."""
    with pytest.raises(ValidationError) as told:
        ModelSettings.from_env({"KERBSIDE_TRUSTED_KEYS": "hunter2"})

    assert "expected public keys" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_settings_survive_the_environment() -> None:
    """What one process passes on, another reads."""
    settings = ModelSettings(
        state_dir=Path("/srv"), trusted_keys=(f"ed25519:{'A' * 43}=",)
    )

    assert ModelSettings.from_env(settings.to_environ()) == settings
    assert settings.to_environ("store_url") == {"KERBSIDE_STORE_URL": ""}


def test_an_empty_variable_counts_as_not_set() -> None:
    """Compose files and charts pass what nobody filled in."""
    assert ModelSettings.from_env({"KERBSIDE_STORE_URL": ""}) == ModelSettings()


def test_the_process_is_read_when_nothing_is_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`from_env()` sees the environment; the constructor never does."""
    monkeypatch.setenv("KERBSIDE_STORE_URL", "/models")

    assert ModelSettings.from_env().model_store_url() == "/models"
    assert ModelSettings().store_url is None


def test_settings_cannot_be_changed() -> None:
    """What a process started with stays true."""
    with pytest.raises(ValidationError):
        ModelSettings().store_url = "/other"  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    """The table in the documentation is made from these."""
    fields = ModelSettings.model_fields

    assert [name for name, field in fields.items() if not field.description] == []
    assert PREFIX == "KERBSIDE_"
