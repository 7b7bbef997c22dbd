"""/v1/ops/dead-letters: jobs that killed their workers, of all tenants."""

import itertools
from collections.abc import Callable
from dataclasses import asdict

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, audit_trail, json_body, queries
from api.answers import Answer
from api.auth import requires
from api.call import current_call
from api.ops_body import LetterAction, LetterFilter
from api.services import services
from worker.dead_letters import DeadLetter, Selection, causes
from worker.letter_runs import LetterRun, Skipped

#: Letters of an answer, at most and when nothing is said.
MAX_LETTERS, DEFAULT_LETTERS = 500, 50
#: The newest letters, of which causes are counted: who asks again and again is to hold
#: up nobody.
_EXAMINED = 2000
#: Letters that one request acts on, those that it tries, since some are skipped, and
#: those that it looks through for them.
_ACTED_ON, _TRIED, _LOOKED_THROUGH = 1000, 5000, 100_000

api = APIBlueprint(
    "ops_dead_letters", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")]
)


@api.get("/dead-letters", operation_id="list_dead_letters")
@requires("operate")
def list_all() -> Answer:
    """List dead letters, newest first, and count them by cause; without their houses.

    Causes and results are those of the newest 2,000 letters.
    """
    asked = queries.known(request.args, ("cause", "version", "limit"))
    limit = queries.limit(asked, most=MAX_LETTERS, unsaid=DEFAULT_LETTERS)
    selection = Selection(cause=asked.get("cause"), version=asked.get("version"))
    kept = services().dead_letters
    total = kept.count()
    letters = list(kept.every(selection, most=_EXAMINED))
    body = {
        "total": total,
        "examined": min(total, _EXAMINED),
        "causes": [one.public() for one in causes(letters)],
        "results": [one.public() for one in letters[:limit]],
    }
    return answers.json(body)


@api.post("/dead-letters:replay", operation_id="replay_dead_letters")
@requires("operate")
def replay() -> Answer:
    """Let jobs wait anew, under their ids; mend first what killed their workers.

    A request acts on 1,000 letters at most: repeat it until `remaining` or `done` is 0.
    """
    return _act(services().dead_letters.replay)


@api.post("/dead-letters:discard", operation_id="discard_dead_letters")
@requires("operate")
def discard() -> Answer:
    """Erase jobs with their houses; who asks for one is told that it was deleted.

    A request acts on 1,000 letters at most: repeat it until `remaining` or `done` is 0.
    """
    return _act(services().dead_letters.discard)


def _act(on: Callable[[DeadLetter], object]) -> Answer:
    call = current_call()
    asked = json_body.read(call, LetterAction)
    meant = _meant(asked.filter)
    found = call.shared.dead_letters.every(meant, most=_LOOKED_THROUGH)
    letters = list(itertools.islice(found, _TRIED))
    run = LetterRun(skipped=_missing(meant, letters))
    selected = len(letters) + len(run.skipped) + sum(1 for _ in found)
    if asked.dry_run:
        audit_trail.nothing_done()
    else:
        try:
            run.go(on, letters, most=_ACTED_ON)
        finally:
            audit_trail.about(*run.done)
    if run.refusal and not run.done:
        raise run.refusal
    body = {
        "dry_run": asked.dry_run,
        "selected": selected,
        "done": len(run.done),
        "skipped": [asdict(one) for one in run.skipped],
        "remaining": selected - len(run.done) - len(run.skipped),
        "refused": str(run.refusal) if run.refusal else None,
    }
    return answers.json(body)


def _meant(said: LetterFilter) -> Selection:
    ids = None if said.ids is None else [*dict.fromkeys(said.ids)]
    return Selection(cause=said.cause, version=said.version, ids=ids)


def _missing(meant: Selection, letters: list[DeadLetter]) -> list[Skipped]:
    """Return the ids that were named and are none of the letters meant."""
    known = {letter.id for letter in letters}
    unknown = [one for one in meant.ids or () if one not in known]
    return [Skipped(one, "It is no dead letter that is meant.") for one in unknown]
