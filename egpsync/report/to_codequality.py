"""A Report in, GitLab Code Quality out: an issue a finding, at most 5,000, on the manifest's line."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from egpsync.model.report import Report
from egpsync.report.escape import inert
from egpsync.report.findings import Finding, findings
from egpsync.report.style import Style
from egpsync.report.words import plural

MOST = 5_000
"""Issues; the last one says how many more there are."""

NOWHERE = "egpsync"
"""Stands where a path must, for what is about no file."""

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def to_codequality(report: Report, _style: Style) -> str:
    """A JSON array. Equal fingerprints would be shown as one issue, so a second one is numbered."""
    found, seen = findings(report), Counter[str]()
    issues = []
    for finding in found[:MOST]:
        seen[finding.fingerprint] += 1
        issues.append(_issue(finding, seen[finding.fingerprint]))
    if len(found) > MOST:
        issues[-1] = _more(len(found) - MOST + 1)
    return inert(json.dumps(issues, indent=1, sort_keys=True) + "\n")


def _issue(finding: Finding, occurrence: int) -> Mapping[str, Any]:
    number = f"-{occurrence}" if occurrence > 1 else ""
    return {
        "description": finding.text,
        "check_name": finding.rule,
        "fingerprint": f"{finding.fingerprint}{number}",
        "severity": _SEVERITIES[finding.level],
        "location": {"path": finding.path or NOWHERE, "lines": {"begin": finding.line}},
    }


def _more(count: int) -> Mapping[str, Any]:
    return {
        "description": f"{plural(count, 'more finding')} not shown here: see the JSON report.",
        "check_name": "left-out",
        "fingerprint": "left-out",
        "severity": "info",
        "location": {"path": NOWHERE, "lines": {"begin": 1}},
    }
