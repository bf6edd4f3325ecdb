"""A Report in, SARIF 2.1.0 out: problems, refusals and drift for security tabs, at most 5,000 results."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from egpsync.model.report import Report
from egpsync.report.escape import inert, uri_path, visible
from egpsync.report.findings import RULES, Finding, findings
from egpsync.report.style import Style
from egpsync.report.words import plural

MOST = 5_000
"""Results: what GitHub keeps of an upload."""


def to_sarif(report: Report, _style: Style) -> str:
    """One run with the rules that it names; what is left out is said in a notification."""
    found = findings(report)
    shown = found[:MOST]
    rules = sorted({finding.rule for finding in shown})
    left_out = {"level": "warning", "message": {"text": f"{plural(len(found) - MOST, 'more result')} not shown."}}
    run = {
        "tool": {
            "driver": {
                "name": "egpsync",
                "version": visible(report.tool_version),
                "rules": [_rule(report, rule, shown) for rule in rules],
            }
        },
        "automationDetails": {"id": "/".join(filter(None, ("egpsync", report.kind, report.section))) + "/"},
        "invocations": [
            {
                "executionSuccessful": not report.errored,
                **({"toolExecutionNotifications": [left_out]} if len(found) > MOST else {}),
            }
        ],
        "results": [_result(finding, rules.index(finding.rule)) for finding in shown],
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return inert(json.dumps(document, indent=1, sort_keys=True) + "\n")


def _rule(report: Report, name: str, shown: Sequence[Finding]) -> Mapping[str, Any]:
    """A manifest's rule with why it is one and how to mend it; else what the finding is."""
    for rule in report.rules:
        if rule.id == name:
            text = f"{rule.why} {rule.mend}".strip()
            return {
                "id": name,
                "shortDescription": {"text": rule.summary},
                "help": {"text": text or rule.summary},
                "defaultConfiguration": {"level": rule.severity.value},
            }
    text = RULES.get(name) or next(finding.text for finding in shown if finding.rule == name)
    return {"id": name, "shortDescription": {"text": text}, "help": {"text": text}}


def _result(finding: Finding, index: int) -> Mapping[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": finding.text},
        "partialFingerprints": {"egpsync/v1": finding.fingerprint},
        "locations": [_location(finding)] if finding.path else [],
    }


def _location(finding: Finding) -> Mapping[str, Any]:
    uri = uri_path(finding.path)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": f"file://{uri}" if uri.startswith("/") else uri},
            "region": {"startLine": finding.line, "startColumn": finding.column},
        }
    }
