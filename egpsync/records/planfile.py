"""A plan in, a file that pins it out, and back: which requests were reviewed, and what they were made from.

The file holds no secret value and nothing that is sent: what is sent is planned again from the manifests and the
account, and must have the fingerprint that was saved. A plan file travels through CI, so what of a fingerprint or a
digest comes from secrets is hashed slowly: who guesses at them pays for each guess.
"""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import scrypt, sha256
from pathlib import Path
from typing import Any, assert_never

from egpsync.account.requests import requests_of
from egpsync.errors import FileError, PlanFileError
from egpsync.files import write_whole
from egpsync.leak import LEAKING, NOTHING, Known
from egpsync.model.plan import Action, Change, Create, Delete, Plan, Rename, Swap, Target, Update, Write
from egpsync.model.record import ChangeRecord, FieldRecord
from egpsync.model.values import JsonMap
from egpsync.record import changes_of, document_of, record, secrets_sent, seen
from egpsync.typed import Misfit, fit, plain, read_json
from egpsync.value import Value, replace

FORMAT = "egpsync-plan"
VERSION = "2.0"
AHEAD = 300.0  # seconds that the clock of another machine may be ahead of ours
NO_DIFFERENCE = "no difference"
APPLIED = "was applied already: it is as the saved plan would make it"


class SavedChange(Value, frozen=True, kw_only=True):
    """One change that was reviewed."""

    fingerprint: str  # of all that is sent for it, and of what the plan saw of its model
    change: ChangeRecord


class SavedPlan(Value, frozen=True, kw_only=True):
    """What was saved."""

    created_at: str  # UTC, ISO 8601
    target: Target
    paths: tuple[str, ...]  # of the manifests
    digest: str  # of the manifests, hashed slowly with the salt
    refusals: tuple[str, ...]  # guards that refused the plan when it was saved: it can never be applied
    options: Mapping[str, Any]  # what the plan could contain, and the consent given
    salt: bytes
    changes: tuple[SavedChange, ...]


class _Manifests(Value, frozen=True, kw_only=True):
    paths: tuple[str, ...]
    digest: str


class _Fingerprint(Value, frozen=True, kw_only=True):
    """What stands beside a change's own document."""

    fingerprint: str


class _Document(Value, frozen=True, kw_only=True):
    """The file as it is written, without its format and checksum."""

    created_at: str
    target: Target
    manifests: _Manifests
    options: JsonMap
    refusals: tuple[str, ...]
    salt: str
    changes: tuple[JsonMap, ...]


def save_plan(file: Path, plan: Plan, paths: Sequence[str], options: JsonMap, known: Known = NOTHING) -> None:
    """Write the file whole, readable by its owner alone. Raises FileError, also where a known secret stood in it."""
    salt = secrets.token_bytes(32)
    document = _Document(
        created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        target=plan.target,
        manifests=_Manifests(paths=tuple(paths), digest=_slowly(plan.digest, salt)),
        options=dict(options),
        refusals=tuple(sorted({refusal.guard for refusal in plan.refusals})),
        salt=salt.hex(),
        changes=tuple(
            {"fingerprint": _fingerprint(change, salt), **document_of(record(change, requests_of(change)))}
            for change in plan.changes
            if change.writes
        ),
    )
    content = {"format": FORMAT, "format_version": VERSION, **plain(document)}
    content["checksum"] = _checksum(content)
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    if known.stands_in(text):
        raise FileError("a secret would stand in the saved plan: nothing was written", where=str(file), advice=LEAKING)
    write_whole(file, text, private=True)


def refuse_other_content(file: Path) -> None:
    """Raise FileError where the file holds something that a saved plan must not replace; an empty one may be."""
    try:
        if not file.is_file() or file.stat().st_size == 0:
            return
        content = read_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError(
            "holds something else than a saved plan",
            where=str(file),
            advice="Name another file, or remove this one. Nothing was written.",
        )


def load_plan(file: Path, *, max_age: float, now: datetime | None = None) -> SavedPlan:
    """Read a saved plan. Raises PlanFileError where it is damaged, of another version, or older than `max_age` s."""
    content = _content(file)
    try:
        document = fit(content, _Document)
        age = ((now or datetime.now(UTC)) - datetime.fromisoformat(document.created_at)).total_seconds()
        saved = SavedPlan(
            created_at=document.created_at,
            target=document.target,
            paths=document.manifests.paths,
            digest=document.manifests.digest,
            refusals=document.refusals,
            options=document.options,
            salt=bytes.fromhex(document.salt),
            changes=tuple(
                SavedChange(fingerprint=fit(one, _Fingerprint).fingerprint, change=change)
                for one, change in zip(document.changes, changes_of(document.changes), strict=True)
            ),
        )
    except (Misfit, TypeError, ValueError) as error:
        raise _unusable(file, f"is damaged: parts of it are missing, or of another kind ({error})") from error
    if not -AHEAD <= age <= max_age:
        old, allowed = timedelta(seconds=round(age)), timedelta(seconds=round(max_age))
        when = f"{old} old, and {allowed} is allowed" if age > 0 else "made in the future"
        raise _unusable(file, f"is {when}")
    return saved


def same_manifests(digest: str, saved: SavedPlan) -> bool:
    """Whether the manifests of this digest are those that the plan was made from."""
    return hmac.compare_digest(_slowly(digest, saved.salt), saved.digest)


def pin(plan: Plan, saved: SavedPlan) -> Plan:
    """The fresh plan, with what moved since the saved one marked so that it is not sent."""
    reviewed = {_key(one.change): one for one in saved.changes}
    exact = {_fresh_key(change) for change in plan.changes}
    # Of what no change is exactly about any more: the model of that name has another id now, or none.
    by_name = {key[:2]: one for key, one in reviewed.items() if key not in exact}
    held = [
        _held(change, reviewed.get(key) or by_name.pop(key[:2], None), saved.salt)
        for change in plan.changes
        for key in [_fresh_key(change)]
    ]
    changes = [*_without_lost_exchanges(held), *(_gone(one.change) for one in by_name.values())]
    return replace(plan, changes=tuple(sorted(changes, key=lambda one: (one.vendor, one.name, one.id or ""))))


def _without_lost_exchanges(changes: Sequence[Change]) -> list[Change]:
    """An exchange of names changes both models, so it is not sent either where the other one moved."""
    moved = {change.id: change.name for change in changes if change.moved}
    held = [
        replace(change, moved=f"exchanges names with {moved[partner]!r}, and that moved since the plan was saved")
        if not change.moved and (partner := _exchanged_with(change)) in moved
        else change
        for change in changes
    ]
    return held if held == list(changes) else _without_lost_exchanges(held)


def _exchanged_with(change: Change) -> str:
    """The id of the model that the change exchanges names with; "" where it does not."""
    return next((step.other.id for step in change.steps if isinstance(step, Swap)), "")


def _gone(reviewed: ChangeRecord) -> Change:
    """Stands for a change of the saved plan of which there is nothing in the fresh one."""
    deleted = reviewed.action is Action.DELETE
    return Change(
        action=Action.UNCHANGED,
        vendor=reviewed.model_vendor,
        name=reviewed.name,
        id=reviewed.id,
        reason="",
        fields=(),
        steps=(),
        source=None,
        desired=None,
        live=None,
        notes=(APPLIED,) if deleted else (),
        moved="" if deleted else f"was to {reviewed.action}, and there is nothing of it to change any more",
    )


def _held(change: Change, saved: SavedChange | None, salt: bytes) -> Change:
    if saved is None:
        return replace(change, moved="is not in the saved plan, and would be changed now") if change.writes else change
    reviewed = saved.change
    if not change.writes:
        return replace(change, notes=(*change.notes, APPLIED))
    if reviewed.id != change.id:
        was, now = (f"was {one}" if one else "was not there" for one in (reviewed.id, change.id))
        return replace(change, moved=f"is another model than when the plan was saved: it {was} then, and {now} now")
    fresh = record(change, requests_of(change))
    if not hmac.compare_digest(saved.fingerprint.encode(), _fingerprint(change, salt).encode()):
        return replace(change, moved=f"moved since the plan was saved: {_what_moved(reviewed, fresh)}")
    if not _shown_alike(reviewed, fresh):
        return replace(change, moved="is shown otherwise in the saved plan than it is: the file was changed")
    return change


def _shown_alike(one: ChangeRecord, other: ChangeRecord) -> bool:
    """Whether a reviewer sees the same; what waits only because it deploys, or is noted of the past, may differ."""
    if one.action is not other.action and Action.BLOCKED not in (one.action, other.action):
        return False
    shown, meant = (
        replace(side, action=Action.BLOCKED, status=None, reason="", notes=(), outcome=None) for side in (one, other)
    )
    return shown == meant


def _what_moved(reviewed: ChangeRecord, now: ChangeRecord) -> str:
    """The fields that differ otherwise now than when the plan was reviewed, in words."""
    before, after = ({field.path: _in_words(field) for field in side.fields} for side in (reviewed, now))
    moved = [
        f"{'.'.join(path)} {before.get(path, NO_DIFFERENCE)} then, {after.get(path, NO_DIFFERENCE)} now"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]
    return "; ".join(moved) or "what the model holds beside the fields that the plan changes, or a secret"


def _in_words(field: FieldRecord) -> str:
    return f"{json.dumps(field.before)} -> {json.dumps(field.after)}"


def _fingerprint(change: Change, salt: bytes) -> str:
    """Of all that is sent, secrets included, and of all that was seen but the secrets that stay where they are."""
    requests = requests_of(change)
    shown = record(change, requests)
    sent = [
        [request.method, request.path, request.body, str(step.key), sorted(map(str, step.after)), _expects(step)]
        for step, request in zip(change.writes, shown.requests, strict=True)
    ]
    secret = [secrets_sent(change.vendor, request) for request in requests]
    hashed = _slowly(json.dumps(secret), salt) if any(secret) else ""
    text = json.dumps([change.vendor, change.name, sent, hashed, seen(change)], sort_keys=True)
    return hmac.new(salt, text.encode(), sha256).hexdigest()


def _expects(step: Write) -> list[str]:
    """What the step takes for granted of its models."""
    match step:
        case Rename() | Delete():
            return [step.expects]
        case Swap():
            return [step.expects, step.other.id]
        case Create() | Update():
            return []
        case _:
            assert_never(step)


def _key(reviewed: ChangeRecord) -> tuple[str, str, str | None]:
    return reviewed.model_vendor, reviewed.name, reviewed.id


def _fresh_key(change: Change) -> tuple[str, str, str | None]:
    return change.vendor, change.name, change.id


def _slowly(text: str, salt: bytes) -> str:
    """A hash that takes some 50 ms and 16 MiB, as the salt lies beside it."""
    return scrypt(text.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32).hex()


def _content(file: Path) -> dict[str, Any]:
    try:
        content = read_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"the plan cannot be read: {error.strerror}", where=str(file)) from error
    except ValueError as error:
        raise _unusable(file, "is damaged: it is no JSON, or cut short") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _unusable(file, "is none: the file was not written by egpsync plan --out")
    if str(content.get("format_version")).partition(".")[0] != VERSION.partition(".")[0]:
        raise _unusable(file, f"has version {content.get('format_version')}, and this egpsync reads {VERSION}")
    if content.get("checksum") != _checksum(content):
        raise _unusable(file, "was changed since it was written, or is damaged: its checksum does not fit")
    return content


def _checksum(content: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in content.items() if name != "checksum"}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _unusable(file: Path, why: str) -> PlanFileError:
    advice = "Save a new plan with egpsync plan --out, and review it. Nothing was sent."
    return PlanFileError(f"the plan {why}", where=str(file), advice=advice)
