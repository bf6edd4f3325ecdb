"""A format's name in, its renderer out: a pure function from one neutral Report, loaded when it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line offers the formats' names before it loads any value of a report
    from egpsync.report.style import Renderer

_ABOUT: Mapping[str, str] = {
    "text": "for a terminal",
    "json": "everything, as schemas/report.schema.json describes it",
    "markdown": "a comment on a pull request, at most 60,000 bytes",
    "html": "a page that opens in any browser, in one file",
    "summary": "a line a model, for people and chats",
    "github": "annotations in GitHub's log, and the job's summary where GITHUB_STEP_SUMMARY names it",
    "gitlab": "counts for GitLab's widget (artifacts:reports:terraform)",
    "codequality": "findings for GitLab (artifacts:reports:codequality)",
    "junit": "a case a model, for the test tab of a pipeline",
    "sarif": "SARIF 2.1.0, for security tabs",
    "prometheus": "metrics for the node exporter's textfile collector",
}
"""Each format and what it is for; FORMAT is rendered by `to_FORMAT` in the module of that name."""


class _Formats(Mapping[str, "Renderer"]):
    def __getitem__(self, name: str) -> "Renderer":
        if name not in _ABOUT:
            raise KeyError(name)
        renderer: Renderer = getattr(import_module(f"egpsync.report.to_{name}"), f"to_{name}")
        return renderer

    def __iter__(self) -> Iterator[str]:
        return iter(_ABOUT)

    def __len__(self) -> int:
        return len(_ABOUT)


FORMATS: Mapping[str, "Renderer"] = _Formats()
"""What `--format` and `--report FORMAT=FILE` offer; a renderer's module is imported when it is looked up."""


def about(name: str) -> str:
    """What a format is for, in half a sentence."""
    return _ABOUT[name]
