"""Reports: one neutral value, and a pure renderer for each format."""

from collections.abc import Mapping

from egpsync.report.style import Renderer
from egpsync.report.to_json import to_json
from egpsync.report.to_markdown import to_markdown
from egpsync.report.to_text import to_text

FORMATS: Mapping[str, Renderer] = {"text": to_text, "json": to_json, "markdown": to_markdown}
"""What `--format` and `--report FORMAT=FILE` offer."""
