"""A CI job's environment in, the pull or merge request that it runs for out."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from egpsync.errors import UsageError
from egpsync.model.forge import Forge, Place
from egpsync.settings.urls import base_url

REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")
NUMBER = re.compile(r"[1-9][0-9]{0,9}")
LARGEST_EVENT = 32 * 2**20  # bytes


def place_of(forge: Forge, number: int | None = None, environ: Mapping[str, str] = os.environ) -> Place:
    """Where the job's comment belongs; `number` is that of the request, where the job itself is not of one.

    Raises UsageError for a variable that is missing, or is not as it should be.
    """
    return _github(environ, number) if forge is Forge.GITHUB else _gitlab(environ, number)


def notice_url(variable: str, environ: Mapping[str, str] = os.environ) -> str:
    """The URL that the variable holds, which is a secret. Raises UsageError, which does not repeat it."""
    url = environ.get(variable, "").strip()
    advice = "Set it to the URL that notices are posted to; it is a secret, and shown nowhere."
    if not url:
        raise UsageError("is not set", where=f"--notify {variable}", advice=advice)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isascii() and url.isprintable()
    except ValueError:
        sound = False
    if not sound or " " in url:
        raise UsageError("holds no http(s) URL", where=f"--notify {variable}", advice=advice)
    return url


def _github(environ: Mapping[str, str], number: int | None) -> Place:
    repository = _set(environ, "GITHUB_REPOSITORY", "owner/repository; GitHub sets it in each job")
    if not REPOSITORY.fullmatch(repository):
        raise UsageError(f"{repository!r} is no owner/repository", where="GITHUB_REPOSITORY")
    return Place(
        forge=Forge.GITHUB,
        api_url=_api(environ, "GITHUB_API_URL", "https://api.github.com"),
        project=repository,
        number=number or _pull_request(_set(environ, "GITHUB_EVENT_PATH", "the job's event; GitHub sets it")),
        token=_set(environ, "GITHUB_TOKEN", "a token that may write comments, such as ${{ github.token }}"),
    )


def _gitlab(environ: Mapping[str, str], number: int | None) -> Place:
    return Place(
        forge=Forge.GITLAB,
        api_url=_api(environ, "CI_API_V4_URL", "https://gitlab.com/api/v4"),
        project=quote(_set(environ, "CI_PROJECT_ID", "the project's number; GitLab sets it in each job"), safe=""),
        number=number or _merge_request(environ),
        token=_set(environ, "GITLAB_TOKEN", "a token of the scope api, such as a project's; CI_JOB_TOKEN writes none"),
    )


def _merge_request(environ: Mapping[str, str]) -> int:
    variable = "CI_MERGE_REQUEST_IID"
    number = _set(environ, variable, "the merge request's number; GitLab sets it in the pipelines of merge requests")
    if not NUMBER.fullmatch(number):
        raise UsageError(f"{number!r} is no number of a merge request", where=variable)
    return int(number)


def _set(environ: Mapping[str, str], variable: str, advice: str) -> str:
    value = environ.get(variable, "").strip()
    if not value or not value.isprintable():
        why = "holds characters that are no text" if value else "is not set"
        raise UsageError(why, where=variable, advice=f"It is {advice}." if not value else "")
    return value


def _api(environ: Mapping[str, str], variable: str, default: str) -> str:
    try:
        return base_url(environ.get(variable) or default)
    except UsageError as error:
        raise UsageError(error.what, where=variable, advice=error.advice) from error


def _pull_request(file: str) -> int:
    """The number in the event that began the job: of a pull request, or of a comment on one."""
    where = "GITHUB_EVENT_PATH"
    try:
        with Path(file).open("rb") as stream:
            event = json.loads(stream.read(LARGEST_EVENT))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("the event cannot be read", where=where, advice="GitHub sets it in each job.") from error
    pull = event.get("pull_request") if isinstance(event, dict) else None
    issue = event.get("issue") if isinstance(event, dict) else None
    if not isinstance(pull, dict) and isinstance(issue, dict) and issue.get("pull_request"):
        pull = issue
    number = pull.get("number") if isinstance(pull, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise UsageError(
            "the event is of no pull request",
            where=where,
            advice="Run it in a workflow that pull_request begins, or name the number with --number.",
        )
    return number
