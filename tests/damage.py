"""What can be wrong with the files of a model version, one kind at a time."""

import functools
import io
import json
import zipfile
from collections.abc import Callable, Mapping

from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.storage.signing import SigningKey
from tests.small_model import changed, signed

Files = Mapping[str, bytes]

#: Runs a command when it is unpickled.
PICKLE = b"\x80\x04cos\nsystem\n(S'exit 1'\ntR."

_NAMES = (CARD, MODEL, PARITY, MANIFEST)


def naming_a_function(model: bytes) -> bytes:
    """Return a model file whose first regressor claims to be `os.system`."""
    with zipfile.ZipFile(io.BytesIO(model)) as before:
        parts = {part: before.read(part) for part in before.namelist()}
    schema = parts["schema.json"].decode()
    at = schema.index('"HistGradientBoostingRegressor", "__module__"')
    end = schema.index(",", schema.index("__module__", at))
    changed_schema = schema[:at] + '"system", "__module__": "os"' + schema[end:]
    parts["schema.json"] = changed_schema.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as after:
        for part, content in parts.items():
            after.writestr(part, content)
    return packed.getvalue()


def _flipped(name: str, files: Files) -> Files:
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    return {**files, name: bytes(content)}


def _missing(name: str, files: Files) -> Files:
    return {other: content for other, content in files.items() if other != name}


def _unsigned(files: Files) -> Files:
    record = json.loads(files[MANIFEST])
    del record["key"], record["signature"]
    return {**files, MANIFEST: json.dumps(record).encode()}


def _wrongly_signed(files: Files) -> Files:
    other = json.loads(changed(files, name="other")[MANIFEST])
    record = json.loads(files[MANIFEST]) | {"signature": other["signature"]}
    return {**files, MANIFEST: json.dumps(record).encode()}


def _signed_by_a_stranger(files: Files) -> Files:
    return signed(files, key=SigningKey.generate())


def _with_a_pickle(files: Files) -> Files:
    return {**files, MODEL: PICKLE}


def _with_a_signed_pickle(files: Files) -> Files:
    return signed({**files, MODEL: PICKLE})


def _with_a_signed_function(files: Files) -> Files:
    return signed({**files, MODEL: naming_a_function(files[MODEL])})


def _of_another_version(files: Files) -> Files:
    return changed(files, version="20991231-00000009")


def _with_a_card_of_another_version(files: Files) -> Files:
    return {**files, CARD: _of_another_version(files)[CARD]}


#: Each kind by its name: makes of sound files what must be refused.
KINDS: dict[str, Callable[[Files], Files]] = {
    **{f"{name} flipped": functools.partial(_flipped, name) for name in _NAMES},
    **{f"{name} missing": functools.partial(_missing, name) for name in _NAMES},
    "unsigned": _unsigned,
    "wrongly signed": _wrongly_signed,
    "signed by a stranger": _signed_by_a_stranger,
    "a pickle": _with_a_pickle,
    "a signed pickle": _with_a_signed_pickle,
    "a signed function": _with_a_signed_function,
    "of another version": _of_another_version,
    "with a card of another version": _with_a_card_of_another_version,
}
