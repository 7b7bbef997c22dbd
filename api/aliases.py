"""/v1/models/aliases: which version prices, which is tried, and the way back."""

import contextlib
from collections.abc import Iterator

from flask import g
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, audit_trail, headers, json_body
from api.alias_body import ChallengerRequest, ChampionRequest
from api.alias_problems import IfMatchMissing, NoPrevious
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import InvalidSubmission, PreconditionFailed
from model_store.actor import Actor
from model_store.aliases import Aliases, Post
from model_store.errors import ArtifactError

api = APIBlueprint(
    "aliases", __name__, url_prefix="/v1/models/aliases", abp_tags=[Tag(name="models")]
)


@api.get("", operation_id="read_aliases")
@requires("operate")
def read() -> Answer:
    """Read what each alias means; the ETag is what a change needs in If-Match."""
    return _told(current_call().shared.store.aliases())


@api.put("/champion", operation_id="promote_model")
@requires("operate")
def promote() -> Answer:
    """Make a version champion; it is read whole first, and the one so far is kept."""
    call = current_call()
    asked = json_body.read(call, ChampionRequest)
    return _given(call, asked.version, "champion", None)


@api.put("/challenger", operation_id="name_challenger")
@requires("operate")
def challenge() -> Answer:
    """Have a version tried beside the champion, and say what share it prices."""
    call = current_call()
    asked = json_body.read(call, ChallengerRequest)
    return _given(call, asked.version, "challenger", asked.share)


@api.delete("/challenger", operation_id="dismiss_challenger")
@requires("operate")
def dismiss() -> Answer:
    """Have no challenger any more; its version stays in the store."""
    call = current_call()
    seen = _seen(call)
    if seen.challenger is not None:
        audit_trail.about(seen.challenger)
    return _changed(
        seen, call.shared.store.dismiss(if_generation=seen.generation, by=_actor(call))
    )


@api.post("/champion:rollback", operation_id="rollback_model")
@requires("operate")
def roll_back() -> Answer:
    """Make the champion before champion again; the same once more undoes it."""
    call = current_call()
    seen = _seen(call)
    if seen.previous is None:
        raise NoPrevious
    audit_trail.about(seen.previous)
    with _blaming_the_version():
        rolled_back = call.shared.store.rollback(
            if_generation=seen.generation, by=_actor(call)
        )
    return _changed(seen, rolled_back)


def _given(call: Call, named: str, post: Post, share: float | None) -> Answer:
    """Give a version a post.

    Raises:
        UnknownModel: There is none of that name.
        InvalidSubmission: It is none that could have the post.
    """
    seen, store = _seen(call), call.shared.store
    version = store.resolve(named)
    audit_trail.about(version)
    if post == "challenger" and version == seen.champion:
        raise _no_version("It is the champion: name another version.", "is_champion")
    with _blaming_the_version():
        given = store.promote(
            version,
            post=post,
            share=share,
            if_generation=seen.generation,
            by=_actor(call),
        )
    return _changed(seen, given)


def _actor(call: Call) -> Actor:
    return Actor(audit_trail.actor(call), g.request_id)


def _seen(call: Call) -> Aliases:
    """Return the aliases, which are as the request says that they are.

    Raises:
        IfMatchMissing: It does not say.
        PreconditionFailed: They are not.
    """
    wanted = call.environ.get("HTTP_IF_MATCH")
    if wanted is None:
        raise IfMatchMissing
    aliases = call.shared.store.aliases()
    if not headers.etag_is(wanted, _etag(aliases)):
        raise PreconditionFailed
    return aliases


@contextlib.contextmanager
def _blaming_the_version() -> Iterator[None]:
    """Tell an operator why a version is refused: as for workers, it is no secret."""
    try:
        yield
    except ArtifactError as error:
        raise _no_version(str(error), "refused") from error


def _changed(seen: Aliases, now: Aliases) -> Answer:
    if now.generation != seen.generation:
        audit_trail.is_of(now.changes[-1])
    return _told(now)


def _told(aliases: Aliases) -> Answer:
    return answers.json(aliases.told(), extra={"ETag": _etag(aliases)})


def _etag(aliases: Aliases) -> str:
    return f'"{aliases.generation}"'


def _no_version(detail: str, code: str) -> InvalidSubmission:
    error = {"pointer": "/version", "detail": detail, "code": code}
    return InvalidSubmission([error])
