"""egpsync comment: a report as Markdown in, one comment on the pull or merge request out."""

import click

from egpsync.cli import KNOWN, complain
from egpsync.cli.options import Command
from egpsync.cli.output import put
from egpsync.model.forge import Forge
from egpsync.report.escape import visible
from egpsync.report.words import plural
from egpsync.settings.forges import place_of
from egpsync.workflow.comment import comment


@click.command("comment", cls=Command)
@click.argument("forge", type=click.Choice([forge.value for forge in Forge]))
@click.option(
    "--file", required=True, metavar="FILE", type=click.Path(dir_okay=False), help="What --report markdown=FILE wrote."
)
@click.option(
    "--number",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Of the pull or merge request, where the job itself is not of one.",
)
def command(forge: str, file: str, number: int | None) -> None:
    r"""Keep one comment on a pull or merge request: posted once, updated by every later run.

    It is found by the hidden marker in the file's first line, which names the command, the account and the --section,
    among the comments of a bot or of the token's own user; others are left alone.

    \b
    github: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_API_URL
    gitlab: GITLAB_TOKEN, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, CI_API_V4_URL
    """
    place = place_of(Forge(forge), number)
    KNOWN.learn(lambda: [place.token])
    posted = comment(file, place)
    done = "Updated" if posted.updated else "Posted"
    link = f" {visible(posted.url)}" if posted.url else ""
    put(f"{done} the comment on {visible(place.project)}, number {place.number}.{link}\n")
    if posted.others:
        complain(f"egpsync: left as they are: {plural(posted.others, 'older comment')} with its marker")
