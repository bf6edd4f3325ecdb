"""Manifests: files -> Documents -> Problems, and checked Documents -> Desired. RULES lists every problem there is."""

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    # reading: a file with one of these is not read any further
    "no-such-path": "a path names no file or folder, or a pattern matches none",
    "unreadable-file": "a file cannot be opened",
    "no-manifests": "the paths hold no manifest at all",
    "file-size": "a file is larger than the limit",
    "encoding": "a file is not UTF-8, or holds characters that YAML does not allow",
    "yaml-syntax": "a file is not well-formed YAML",
    "yaml-version": "a %YAML directive asks for another version than 1.2",
    "yaml-tag": "a tag other than !!str, !!int, !!float, !!bool, !!null, !!seq, !!map, or one that does not fit",
    "duplicate-key": "a mapping has the same key twice",
    "merge-key": "the merge key << of YAML 1.1",
    "string-key": "a key that is not text",
    "number-range": "a number that JSON cannot hold: infinite, not a number, or too long",
    "alias": "an alias without its anchor, inside its own anchor, or as a key",
    "alias-expansion": "aliases that expand to more values than the limit",
    "depth": "values nested deeper than the limit",
    # the schema
    "wrong-type": "a value of the wrong type",
    "wrong-value": "a value that the field does not take",
    "unknown-field": "a field that does not exist",
    "server-set-field": "a field that only the server sets",
    "field-not-taken": "a field that this vendor, or a model that is to be deleted, does not take",
    "missing-field": "a field that must be there",
    # rules across fields and documents
    "duplicate-model": "the same model declared twice, by vendor and name or by id",
    "duplicate-rename": "two models renamed from the same one",
    "rename-to-itself": "renamed_from is the model's own name",
    "worker-range": "min_workers above max_workers",
    "gpu-contradiction": "GPUs without a type, or a type without GPUs",
    "reserved-key": "a metadata key that egpsync keeps for itself",
    "ignored-path": "an ignore_changes path that names no field",
}
"""Every rule's id, as problems carry it, and what it finds."""
