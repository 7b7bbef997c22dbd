"""Keys are made once and kept from others; what they did not sign is not trusted."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model_store.errors import NotTrusted, StoreError
from model_store.settings import PUBLIC_KEY, ModelSettings
from model_store.storage import signing
from model_store.storage.signing import SigningKey, Trust

#: The example of RFC 8410, and so nobody's secret.
RFC_8410 = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""


def test_a_signature_holds_for_its_content_and_key_alone() -> None:
    """Another content, signature or key is refused."""
    key, other = SigningKey.generate(), SigningKey.generate()
    trust = Trust((key.public, other.public))
    signature = key.sign(b"content")

    trust.verify(b"content", signature, key.public)

    for content, signed, signer in (
        (b"Content", signature, key.public),
        (b"content", other.sign(b"content"), key.public),
        (b"content", signature, other.public),
        (b"content", "", key.public),
        (b"content", "no base64", key.public),
    ):
        with pytest.raises(NotTrusted, match="its signature is not one"):
            trust.verify(content, signed, signer)


def test_any_of_the_named_keys_is_trusted_while_keys_are_changed() -> None:
    """During a rotation the old and the new one hold; afterwards the new alone."""
    old, new = SigningKey.generate(), SigningKey.generate()
    both = Trust.from_settings(ModelSettings(trusted_keys=(old.public, new.public)))
    after = Trust.from_settings(ModelSettings(trusted_keys=(new.public,)))

    for key in (old, new):
        both.verify(b"x", key.sign(b"x"), key.public)
    after.verify(b"x", new.sign(b"x"), new.public)
    with pytest.raises(NotTrusted, match="KERBSIDE_TRUSTED_KEYS"):
        after.verify(b"x", old.sign(b"x"), old.public)


def test_the_first_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The public half beside it is for whoever loads models."""
    settings = ModelSettings(state_dir=tmp_path / "var")

    key = signing.own_key(settings)

    private, public = sorted((tmp_path / "var").iterdir())
    assert private == settings.own_signing_key()
    assert private.stat().st_mode & 0o777 == 0o600
    assert public.stat().st_mode & 0o777 == 0o644
    assert Trust.from_settings(settings).public_keys() == (key.public,)
    assert signing.own_key(settings).public == key.public


def test_a_public_half_that_was_lost_is_written_again(tmp_path: Path) -> None:
    """A training that is killed between the two files leaves no riddle."""
    settings = ModelSettings(state_dir=tmp_path)
    key = signing.own_key(settings)
    settings.own_signing_key().with_suffix(".pub").unlink()

    signing.own_key(settings)

    assert Trust.from_settings(settings).public_keys() == (key.public,)


def test_first_trainings_at_once_get_one_key(tmp_path: Path) -> None:
    """No version is signed by a key that is gone a moment later."""
    settings = ModelSettings(state_dir=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        keys = {key.public for key in pool.map(signing.own_key, [settings] * 32)}

    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_a_key_of_another_tool_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    """What openssl makes signs, and needs no public half beside it."""
    path = tmp_path / "signing.pem"
    path.write_text(RFC_8410)
    settings = ModelSettings(signing_key_file=path)

    key = signing.own_key(settings)

    assert key.public == "ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
    assert Trust.from_settings(settings).public_keys() == (key.public,)
    assert list(tmp_path.iterdir()) == [path]


def test_a_named_key_is_never_made_by_the_way(tmp_path: Path) -> None:
    """A wrong path is an error, not a new identity."""
    settings = ModelSettings(signing_key_file=tmp_path / "signing.pem")

    with pytest.raises(StoreError, match="kerbside model key --create"):
        signing.own_key(settings)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "hunter2", "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_key_is_told_without_its_content(
    tmp_path: Path, content: str
) -> None:
    """A message goes to a log."""
    path = tmp_path / "signing.pem"
    path.write_text(content)

    with pytest.raises(StoreError, match="no signing key") as private:
        SigningKey.load(path)
    with pytest.raises(StoreError, match="key") as trusted:
        Trust(file=path).public_keys()

    assert "hunter2" not in f"{private.value} {trusted.value}"


def test_a_key_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With the place, and how to choose another."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"cannot write.*KERBSIDE_SIGNING_KEY_FILE"):
        SigningKey.create(tmp_path / "file" / "signing.pem")


def test_the_private_half_is_in_no_representation() -> None:
    """Whatever is logged of a key, the secret is not in it."""
    key = SigningKey.generate()

    assert PUBLIC_KEY.fullmatch(key.public)
    assert "BEGIN" not in f"{key!r} {vars(key)}"
