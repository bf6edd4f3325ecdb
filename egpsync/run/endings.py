"""Why a change ends before its last step, in words that say what to do next."""

import json
from pathlib import Path
from traceback import extract_tb

from egpsync.account.requests import MODELS
from egpsync.errors import ApiError, FileError
from egpsync.model.live import LiveModel
from egpsync.model.plan import Change, FieldChange
from egpsync.model.report import MASK
from egpsync.model.run import Failure, Outcome
from egpsync.model.values import Json
from egpsync.record import shown
from egpsync.run.context import Execution, Run, Stop

AGAIN = "Run egpsync apply again: it plans from what the server holds now."


def failed(error: ApiError, outcome: Outcome = Outcome.FAILED) -> Stop:
    """The end that an error of the API is for a change."""
    failure = Failure(
        message=error.what, method=error.method, url=error.url, status=error.status, advice=error.advice or AGAIN
    )
    return Stop(outcome=outcome, failure=failure)


def not_known(run: Run, execution: Execution, error: ApiError) -> Stop:
    """A request of the change was sent, and what came of it cannot be read."""
    sent = execution.last_sent
    accepted = "was accepted, and how that ended" if execution.answered else "was sent, and whether it happened"
    message = f"{sent.method if sent else 'a request'} {accepted} is not known: {error.what}"
    return Stop(
        outcome=Outcome.UNKNOWN,
        failure=Failure(
            message=message,
            method=sent.method if sent else error.method,
            url=run.client.access.base_url + sent.path if sent else error.url,
            status=error.status if error.method != "GET" else None,
            advice="Run egpsync apply again: it reads what the server holds, and sends only what is missing.",
        ),
    )


def not_sent(error: FileError) -> Stop:
    """The journal cannot be written: nothing more is sent for the change."""
    message = f"{error.where}: {error.what}"
    failure = Failure(message=message, method="", url="", status=None, advice=error.advice)
    return Stop(outcome=Outcome.NOT_ATTEMPTED, failure=failure)


def our_fault(error: Exception) -> Stop:
    """Something in egpsync itself went wrong; its text is left out, as it can hold a secret."""
    frames = [frame for frame in extract_tb(error.__traceback__) if "egpsync" in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    failure = Failure(
        message=f"a fault of egpsync ({type(error).__name__}{place}): what was sent by then may have happened",
        method="",
        url="",
        status=None,
        advice="Report it to the maintainers of egpsync, with this line and the version. egpsync plan reads what the "
        "server holds.",
    )
    return Stop(outcome=Outcome.UNKNOWN, failure=failure)


def stale(run: Run, execution: Execution, live: LiveModel, moved: str) -> Stop:
    """The model is not as the plan saw it."""
    message = f"moved since the plan, so nothing {'more ' if execution.tried else ''}was sent: {moved}"
    return Stop(outcome=Outcome.STALE, failure=_read_failure(run, live, message, "Plan again and review what changed."))


def did_not_converge(run: Run, live: LiveModel, left: tuple[FieldChange, ...]) -> Stop:
    """The server accepted the request and holds something else."""
    message = f"did not converge: {'; '.join(map(_sent_and_held, left))}"
    advice = "The server accepted the request and holds something else: write what it holds, or ask who runs the API."
    return Stop(outcome=Outcome.FAILED, failure=_read_failure(run, live, message, advice))


def other_semantics(run: Run, live: LiveModel, message: str) -> Stop:
    """The server does to maps what the settings do not say."""
    advice = "Correct map_semantics (egpsync probe finds it out), put back what is missing, and plan again."
    return Stop(outcome=Outcome.FAILED, failure=_read_failure(run, live, message, advice))


def not_shown(run: Run, model_id: str, wanted: str, *, waited: bool) -> Stop:
    """The server accepted a request, and the listing at the end of the run does not show it."""
    late = "the listing at the end of the run does not show it" + ("" if waited else " yet, and the run was stopped")
    url = f"{run.client.access.base_url}{MODELS}/{model_id}"
    failure = Failure(
        message=f"did not converge: {wanted}; the server accepted it, and {late}",
        method="GET",
        url=url,
        status=None,
        advice=AGAIN,
    )
    return Stop(outcome=Outcome.FAILED if waited else Outcome.UNKNOWN, failure=failure)


def not_confirmed(error: ApiError) -> Stop:
    """The listing that was to confirm what was written cannot be had."""
    failure = Failure(
        message=f"was accepted, and whether the server holds it is not known: {error.what}",
        method=error.method,
        url=error.url,
        status=error.status,
        advice=AGAIN,
    )
    return Stop(outcome=Outcome.UNKNOWN, failure=failure)


def not_deleted(run: Run, live: LiveModel) -> Stop:
    """The server accepted the request, and says that the model is still there."""
    message = "did not converge: the server's answer says that the model is not deleted"
    return Stop(outcome=Outcome.FAILED, failure=_read_failure(run, live, message, AGAIN))


def deployment_failed(run: Run, live: LiveModel) -> Stop:
    """The server accepted the request, and the deployment went wrong."""
    message = f"the deployment ended as {live.status}: {live.status_reason or 'the server gives no reason'}"
    advice = "Correct what the reason names and apply again; --retry-failed tries the same configuration once more."
    return Stop(outcome=Outcome.FAILED, failure=_read_failure(run, live, message, advice))


def still_deploying(run: Run, live: LiveModel) -> Stop:
    """Patience ended, or the run did."""
    why = "the run was interrupted" if run.stop.is_set() else f"it was waited for {run.pace.deployment:.0f} s"
    message = f"is still {live.status}: {why}"
    return Stop(outcome=Outcome.IN_FLIGHT, failure=_read_failure(run, live, message, AGAIN))


def _read_failure(run: Run, live: LiveModel, message: str, advice: str) -> Failure:
    url = f"{run.client.access.base_url}{MODELS}/{live.id}"
    return Failure(message=message, method="GET", url=url, status=None, advice=advice)


def what_moved(change: Change, now: tuple[FieldChange, ...], parts: frozenset[str]) -> list[str]:
    """What the plan saw of these parts and is not so any more, in words."""
    seen = {field.path: field for field in change.fields if field.path[0] in parts}
    found = {field.path: field for field in now if field.path[0] in parts}
    return [
        f"{'.'.join(path)} is {_held(found.get(path))} now, and was {_held(seen.get(path))}"
        for path in sorted(seen.keys() | found.keys())
        if path not in seen or path not in found or seen[path].before != found[path].before
    ]


def _held(field: FieldChange | None) -> str:
    if field is None:
        return "what the manifest wants"
    return _shown(field, field.before)


def _sent_and_held(field: FieldChange) -> str:
    sent, held = _shown(field, field.after), _shown(field, field.before)
    return f"{'.'.join(field.path)}: sent {sent}, the server holds {held}"


def _shown(field: FieldChange, value: Json) -> str:
    """A value as a message quotes it: what is secret inside a list is no less so."""
    return MASK if field.sensitive else json.dumps(shown(field.path, value))
