"""Manifests' bytes in, the comments that silence a lint out: `# egpsync: ignore mutable-image-tag, engine-labels`."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from egpsync.manifest.comments import comments
from egpsync.manifest.parse import FASTEST, Parser
from egpsync.model.values import Source

HINT = b"egpsync:"
IGNORE = re.compile(r"#\s*egpsync:\s*ignore\b[ \t:]*(.*)")
NAMES = re.compile(r"[^\s,#]+")


class Ignore(NamedTuple):
    """A comment that silences lints on its line."""

    source: Source
    rules: tuple[str, ...]  # as written; they may not exist


def ignores(files: Mapping[str, bytes], parser: Parser = FASTEST) -> Iterator[Ignore]:
    """The comments of all files, in order."""
    for file, data in files.items():
        for comment in comments(data, parser) if HINT in data else ():
            if found := IGNORE.fullmatch(comment.text.rstrip()):
                source = Source(file=file, line=comment.line + 1, column=comment.column + 1)
                yield Ignore(source, tuple(NAMES.findall(found[1])))
