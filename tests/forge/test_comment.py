"""`egpsync comment`: one comment of a marker on a pull or merge request, whatever the forge does meanwhile."""

import json
from pathlib import Path
from typing import Any

import pytest

from egpsync.errors import ForgeError
from egpsync.forge.comment import post
from egpsync.model.forge import Forge as Kind
from egpsync.model.forge import Place
from tests.cli.samples import Done, Shell, ShellHere
from tests.forge.server import Answer, Forge


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


TOKEN = "token-SENTINEL-4711"
MARKER = "<!-- egpsync:plan:0123456789abcdef -->"
TEXT = f"{MARKER}\n\n### egpsync plan: no changes\n"
GITHUB_COMMENTS = "/repos/o/r/issues/7/comments"
GITLAB_NOTES = "/projects/12/merge_requests/7/notes"


def on_github(shell: Shell, forge: Forge, *arguments: str, **environ: str) -> Done:
    """The command in a job of a pull request."""
    shell.file("plan.md", TEXT).file("event.json", json.dumps({"pull_request": {"number": 7}}))
    job = {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_EVENT_PATH": "event.json",
        "GITHUB_API_URL": forge.url,
    }
    return shell.run("comment", "github", "--file", "plan.md", *arguments, **{**job, **environ})


def on_gitlab(shell: Shell, forge: Forge, *arguments: str, **environ: str) -> Done:
    """The command in a pipeline of a merge request."""
    shell.file("plan.md", TEXT)
    job = {
        "GITLAB_TOKEN": TOKEN,
        "CI_PROJECT_ID": "12",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_API_V4_URL": forge.url,
    }
    return shell.run("comment", "gitlab", "--file", "plan.md", *arguments, **{**job, **environ})


def test_the_first_run_posts_and_the_next_updates(shell: Shell, forge: Forge) -> None:
    """One comment, found by its marker."""
    done = on_github(shell, forge)
    said = "Posted the comment on o/r, number 7. https://forge.example/comment\n"
    assert (done.code, done.out, done.err) == (0, said, "")
    done = on_github(shell, forge)
    assert (done.code, done.out) == (0, "Updated the comment on o/r, number 7.\n")
    assert [comment["body"] for comment in forge.comments] == [TEXT]
    assert forge.asked[-1] == "PATCH /repos/o/r/issues/comments/1"
    assert {headers.get("Authorization") for headers in forge.headers} == {f"Bearer {TOKEN}"}


def test_gitlab(shell: Shell, forge: Forge) -> None:
    """The same by its notes."""
    forge.user = {"id": 9}
    assert on_gitlab(shell, forge).code == 0
    done = on_gitlab(shell, forge)
    assert (done.code, done.out) == (0, "Updated the comment on 12, number 7.\n")
    assert [one["body"] for one in forge.comments] == [TEXT]
    assert forge.asked[-1] == f"PUT {GITLAB_NOTES}/1"
    assert {headers.get("PRIVATE-TOKEN") for headers in forge.headers} == {TOKEN}


def test_a_comment_of_somebody_else_is_left_alone(shell: Shell, forge: Forge) -> None:
    """A person who writes the marker keeps what they wrote; so does a comment that only quotes it."""
    forge.add(TEXT)
    forge.add(f"> {TEXT}", type="Bot")
    assert on_github(shell, forge).code == 0
    assert [comment["body"] for comment in forge.comments] == [TEXT, f"> {TEXT}", TEXT]


def test_a_comment_of_the_tokens_own_user_is_ours(shell: Shell, forge: Forge) -> None:
    """A token of a person is told by who it is."""
    forge.user = {"login": "me", "id": 3}
    forge.add(f"{MARKER}\nold", login="me", id=3)
    assert on_github(shell, forge).code == 0
    assert on_gitlab(shell, forge).code == 0
    assert [comment["body"] for comment in forge.comments] == [TEXT]


def test_all_pages_are_read(shell: Shell, forge: Forge) -> None:
    """The comment stands behind 250 others."""
    for number in range(250):
        forge.add(f"comment {number}")
    forge.add(f"{MARKER}\nold", type="Bot")
    assert on_github(shell, forge).code == 0
    assert (len(forge.comments), forge.comments[-1]["body"]) == (251, TEXT)
    assert forge.asked.count(f"GET {GITHUB_COMMENTS}") == 3


def test_of_several_the_newest_is_updated(shell: Shell, forge: Forge) -> None:
    """The others are told and left, as people may have answered to them."""
    forge.add(f"{MARKER}\nfirst", type="Bot")
    forge.add(f"{MARKER}\nsecond", type="Bot")
    done = on_github(shell, forge)
    assert (done.code, done.err) == (0, "egpsync: left as they are: 1 older comment with its marker\n")
    assert [comment["body"] for comment in forge.comments] == [f"{MARKER}\nfirst", TEXT]


def test_another_section_has_a_comment_of_its_own(shell: Shell, forge: Forge) -> None:
    """A marker that goes on is another one."""
    forge.add("<!-- egpsync:plan:0123456789abcdef:b -->\nold", type="Bot")
    assert on_github(shell, forge).code == 0
    assert len(forge.comments) == 2


PLACE = {"project": "o/r", "number": 7, "token": TOKEN, "forge": Kind.GITHUB}


def posted(forge: Forge, **answers: Any) -> tuple[Any, list[float]]:
    """One posting, without waiting; what came of it, and for how long it would have waited."""
    waits: list[float] = []
    return post(Place(api_url=forge.url, **PLACE), MARKER, TEXT, sleep=waits.append), waits  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_passes_is_tried_again(forge: Forge, method: str, status: int) -> None:
    """A busy forge, or one that stumbles."""
    forge.answers = [Answer(method, status, headers={"retry-after": "7"})] * 2
    result, waits = posted(forge)
    assert (result.updated, waits) == (False, [7.0, 7.0])
    assert [comment["body"] for comment in forge.comments] == [TEXT]


@pytest.mark.parametrize("status", [0, 502])
def test_a_lost_answer_to_posting_makes_no_second_comment(forge: Forge, status: int) -> None:
    """It is looked for before another is posted."""
    forge.answers = [Answer("POST", status, acts=True)]
    result, _ = posted(forge)
    assert (result.updated, len(forge.comments)) == (True, 1)
    assert forge.asked.count(f"POST {GITHUB_COMMENTS}") == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("POST", 403, '{"message": "Resource not accessible"}'), "answered 403: Resource not accessible"),
        (Answer("GET", 404), "answered 404"),
        (Answer("POST", 422, '{"message": "Validation Failed"}'), "answered 422: Validation Failed"),
        (Answer("GET", 301, headers={"location": "https://evil.example"}), "the token is not sent there"),
    ],
)
def test_what_stays_is_told_at_once(forge: Forge, answer: Answer, said: str) -> None:
    """With the request, the status and the forge's own words; it is asked once."""
    forge.user = {"login": "me"}
    forge.answers = [Answer("GET", 200, '{"login": "me"}'), answer]
    with pytest.raises(ForgeError, match=said):
        posted(forge)
    assert forge.comments == []


@pytest.mark.parametrize("body", ["<html>a gateway</html>", "[" * 5000, '{"login": "me"}', '[{"body": 1, "user": 2}]'])
def test_an_answer_that_is_none_is_an_error(forge: Forge, body: str) -> None:
    """HTML, nonsense, or no list: never a crash, and nothing is posted."""
    forge.answers = [Answer("GET", 200, '{"login": "me"}'), *[Answer("GET", 200, body)] * 20]
    with pytest.raises(ForgeError):
        posted(forge)
    assert forge.comments == []


def test_the_token_is_in_no_output(shell: Shell, forge: Forge) -> None:
    """Though the forge quotes it."""
    forge.answers = [Answer("POST", 403, json.dumps({"message": f"bad credentials {TOKEN}"}))]
    done = on_github(shell, forge)
    assert (done.code, "bad credentials (sensitive)" in done.err) == (1, True)
    assert TOKEN not in done.out + done.err


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN: is not set"),
        ({"GITHUB_TOKEN": "a\x1bb"}, "GITHUB_TOKEN: holds characters that are no text"),
        ({"GITHUB_REPOSITORY": "../../user"}, "GITHUB_REPOSITORY: '../../user' is no owner/repository"),
        ({"GITHUB_EVENT_PATH": "missing.json"}, "GITHUB_EVENT_PATH: the event cannot be read"),
        ({"GITHUB_EVENT_PATH": "push.json"}, "GITHUB_EVENT_PATH: the event is of no pull request"),
        ({"GITHUB_API_URL": "http://forge.example"}, "GITHUB_API_URL: 'http://forge.example' is not https"),
    ],
)
def test_a_job_that_lacks_something_is_wrong_usage(
    shell: Shell, forge: Forge, environ: dict[str, str], said: str
) -> None:
    """The variable is named, and the forge not asked."""
    shell.file("push.json", '{"ref": "refs/heads/main"}')
    done = on_github(shell, forge, **environ)
    assert (done.code, done.err.splitlines()[0], forge.asked) == (64, f"Error: {said}", [])


def test_the_number_can_be_given(shell: Shell, forge: Forge) -> None:
    """Where the job is of no pull request itself; a comment on one is of it."""
    assert on_github(shell, forge, "--number", "7", GITHUB_EVENT_PATH="").code == 0
    shell.file("comment.json", '{"issue": {"number": 7, "pull_request": {"url": "x"}}}')
    assert on_github(shell, forge, GITHUB_EVENT_PATH="comment.json").code == 0
    assert on_gitlab(shell, forge, "--number", "7", CI_MERGE_REQUEST_IID="").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("### a plan\n", "plan.md: does not begin with the marker of an egpsync report"),
        (f"\n{MARKER}\n", "plan.md: does not begin with the marker of an egpsync report"),
        (f"{MARKER}\n{'x' * 65_536}", "plan.md: has 65,575 characters, and github takes 65,536"),
    ],
)
def test_a_file_that_is_no_report_is_not_posted(shell: Shell, forge: Forge, text: str, said: str) -> None:
    """Nothing could be found again by it, or the forge would refuse it."""
    shell.file("other.md", text)
    (shell.folder / "other.md").rename(shell.folder / "kept.md")
    on_github(shell, forge)
    forge.asked.clear()
    (shell.folder / "kept.md").rename(shell.folder / "plan.md")
    job = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "o/r", "GITHUB_API_URL": forge.url}
    done = shell.run("comment", "github", "--file", "plan.md", "--number", "7", **job)
    assert (done.code, done.err.splitlines()[0], forge.asked) == (1, f"Error: {said}", [])
