"""A Report in, the counts of GitLab's Terraform widget out: what is created, updated and deleted, and no value."""

import json

from egpsync.model.report import Report
from egpsync.report.style import Style


def to_gitlab(report: Report, _style: Style) -> str:
    """Exactly three counts; a replacement is one of each end, as its model goes and another comes."""
    count = report.summary
    counts = {
        "create": count["create"] + count["recreate"],
        "update": count["update"] + count["redeploy"] + count["rename"],
        "delete": count["delete"] + count["recreate"],
    }
    return json.dumps(counts) + "\n"
