"""Reports of several targets in, one output of any format out, with a section for each."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from egpsync.model.report import Report
from egpsync.report.escape import inert
from egpsync.report.formats import FORMATS
from egpsync.report.style import Style
from egpsync.report.to_json import FORMAT_VERSION, write_document
from egpsync.value import replace

_SUITE = re.compile(r'(<testsuite name="|classname=")egpsync\.')
_PLAIN = re.compile("[^A-Za-z0-9_-]+")
_SUITES = re.compile(r'<testsuites name="([^"]*)" tests="(\d+)" failures="(\d+)" errors="(\d+)"')


def render(reports: Sequence[Report], form: str, style: Style) -> str:
    """One report as its renderer writes it; several as sections, within the budget of one."""
    if len(reports) == 1:
        return FORMATS[form](reports[0], style)
    if form == "html":
        from egpsync.report.to_html import page  # noqa: PLC0415 - a command loads the renderer that it uses

        return page(reports)
    shared = replace(style, room=style.room // max(len(reports), 1))
    parts = [FORMATS[form](report, shared) for report in reports]
    if form == "junit":
        parts = [_SUITE.sub(rf"\1egpsync.{_label(report)}.", part) for report, part in zip(reports, parts, strict=True)]
    return _JOINED[form](parts)


def _label(report: Report) -> str:
    """What tells a section's suites from those of the others, as viewers merge suites of one name."""
    said = [report.target_name or report.base_url or "", report.account_id or "", report.section]
    return _PLAIN.sub("-", "-".join(filter(None, said)))


def _one_after_another(parts: Sequence[str]) -> str:
    return "\n".join(parts)


def _documents(parts: Sequence[str]) -> str:
    return write_document({"format_version": FORMAT_VERSION, "reports": [json.loads(part) for part in parts]})


def _counts(parts: Sequence[str]) -> str:
    counts: list[Mapping[str, int]] = [json.loads(part) for part in parts]
    names = dict.fromkeys(name for count in counts for name in count)
    return json.dumps({name: sum(count[name] for count in counts) for name in names}) + "\n"


def _arrays(parts: Sequence[str]) -> str:
    return inert(json.dumps([item for part in parts for item in json.loads(part)], indent=1, sort_keys=True) + "\n")


def _sarif(parts: Sequence[str]) -> str:
    documents = [json.loads(part) for part in parts]
    runs = [run for document in documents for run in document["runs"]]
    return inert(json.dumps({**documents[0], "runs": runs} if documents else {}, indent=1, sort_keys=True) + "\n")


def _junit(parts: Sequence[str]) -> str:
    heads = [found for part in parts if (found := _SUITES.search(part))]
    tests, failures, errors = (sum(int(found[number]) for found in heads) for number in (2, 3, 4))
    inner = "".join(
        part[part.index("\n", part.index("<testsuites")) + 1 : part.rindex("</testsuites>")] for part in parts
    )
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="egpsync" {counts}>\n{inner}</testsuites>\n'


def _metrics(parts: Sequence[str]) -> str:
    """Each metric's help and type once, then the samples of all."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for line in "".join(parts).splitlines():
        name = line.split(" ", 3)[2] if line.startswith("# ") else line.partition("{")[0]
        if line.startswith("# "):
            kept = heads.setdefault(name, [])
            kept += [] if line in kept else [line]
        else:
            samples.setdefault(name, []).append(line)
    return "".join(f"{line}\n" for name, head in heads.items() for line in (*head, *samples.get(name, ())))


_JOINED: Mapping[str, Callable[[Sequence[str]], str]] = {
    "text": _one_after_another,
    "json": _documents,
    "markdown": _one_after_another,
    "summary": _one_after_another,
    "github": _one_after_another,
    "gitlab": _counts,
    "codequality": _arrays,
    "sarif": _sarif,
    "junit": _junit,
    "prometheus": _metrics,
}
