"""A team's own JSON Schemas in, what resolved models break of them out.

Their references stay inside the repository: nothing is fetched. Patterns are matched in linear time, so that none of
them can hold up a run; that is what jsonschema-rs is needed for here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from egpsync.errors import FileError
from egpsync.manifest.find import Found, find, repository_of
from egpsync.manifest.findings import Finding, Hint, is_secret_name
from egpsync.model.manifest import Declared, State
from egpsync.model.values import Json

try:
    import jsonschema_rs
except ImportError:
    jsonschema_rs = None  # type: ignore[assignment, unused-ignore]

MOST = 1_000
"""Faults of one model that are told."""

MASKED = "the value"


class TeamSchema:
    """One schema, and the files that it refers to."""

    def __init__(self, file: str) -> None:
        """Raises FileError for a file that is no such schema."""
        self._file = file
        self._documents: dict[str, Json] = {}
        self._top = repository_of(Path(file)) or Path(file).absolute().parent
        address = Path(file).absolute().as_uri()
        if jsonschema_rs is None:
            raise self._faulty("the team's schemas need jsonschema-rs, which is not installed here")
        try:
            self._validator = jsonschema_rs.validator_for(
                self._load(address),
                base_uri=address,
                retriever=self._load,
                pattern_options=jsonschema_rs.RegexOptions(),
                mask=MASKED,
            )
        except jsonschema_rs.ValidationError as error:
            raise self._faulty(str(error.message)) from error

    def findings(self, model: Declared) -> Iterator[Finding]:
        """What the model breaks, each at the value that does, with the schema's own words as advice."""
        value = model.merged.value
        if not isinstance(value, dict) or value.get("state") == State.ABSENT:
            return
        resolved = {key: item for key, item in value.items() if key != "extends"}
        if self._validator.is_valid(resolved):
            return
        for number, error in enumerate(self._validator.iter_errors(resolved)):
            if number == MOST:
                return
            yield self._finding(model, error)

    def _finding(self, model: Declared, error: Any) -> Finding:
        path: Sequence[str | int] = error.instance_path
        title, description = self._words(error.absolute_keyword_location or "")
        secret = any(isinstance(key, str) and is_secret_name(key) for key in path)
        name = ".".join(map(str, path)) or "the model"
        message = f"{name}: {title or (MASKED + ' is not as it should be' if secret else error.message)}"
        source = model.merged.at(path).source
        return Finding("team-schema", message, source, Hint(expected=description or self._file))

    def _words(self, location: str) -> tuple[str, str]:
        """The title and description of the schema that a keyword stands in; "" for what it does not say."""
        address, _, pointer = location.partition("#")
        held: Json = self._documents.get(address, {})
        for key in [part.replace("~1", "/").replace("~0", "~") for part in unquote(pointer).split("/")[1:-1]]:
            held = held.get(key) if isinstance(held, dict) else held[int(key)] if isinstance(held, list) else None
        said = held if isinstance(held, Mapping) else {}
        return str(said.get("title", "")), str(said.get("description", ""))

    def _load(self, address: str) -> Json:
        """A schema of the repository, by its file URL."""
        if address not in self._documents:
            self._documents[address] = self._read(address)
        return self._documents[address]

    def _read(self, address: str) -> Json:
        url = urlsplit(address)
        file = Path(unquote(url.path))
        if url.scheme != "file" or not file.resolve().is_relative_to(self._top.resolve()):
            raise self._faulty(f"it refers to {address}, which is outside of the repository")
        (found,) = find([str(file)]) or (Found(str(file), b""),)
        if found.rule:
            raise self._faulty(f"{found.name}: {found.message}")
        try:
            schema = json.loads(found.data)
        except (ValueError, RecursionError) as error:
            raise self._faulty(f"{found.name} is no JSON: {error}") from error
        if not isinstance(schema, dict):
            raise self._faulty(f"{found.name} is no JSON object")
        return schema

    def _faulty(self, why: str) -> FileError:
        return FileError(why, where=self._file, advice="It is one of the `schemas` of the project file.")
