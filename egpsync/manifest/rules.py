"""Every problem that manifests can have, as one value each: its id, severity and words, and what finds it.

The functions meet models that the schema has refused, so they look at types before they look at values; and as nearly
all models are sound, they look at values first, and at nodes only for the place of what they found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeGuard

from egpsync.fields.table import FAMILIES, fields_named, fields_of, names_field, place_of, policy_of
from egpsync.manifest.findings import LONGEST_WORD, Finding, Hint, in_words, nearest
from egpsync.manifest.merge import DEEPEST, by_name, meant_by, patches
from egpsync.model.live import MARK
from egpsync.model.manifest import Declared, Merged, Node, Severity
from egpsync.model.text import closest
from egpsync.model.values import Json, Path, value_at
from egpsync.value import Value

API_FIELDS = ("model_type", "model_metadata", "vendor_configuration")


class Rule(Value, frozen=True, kw_only=True):
    """One kind of problem."""

    id: str  # in kebab case; stable
    summary: str  # what it finds, in half a sentence
    why: str  # what goes wrong otherwise
    mend: str  # what to do about it
    severity: Severity = Severity.ERROR  # a warning does not stop a run
    find: Callable[[Merged], Iterator[Finding]] | None = None  # None where the parser, the schema or a plan finds it


def same_model(merged: Merged) -> Iterator[Finding]:
    """The same model twice: by vendor and name, or by id."""
    yield from _twice(merged, "name", "duplicate-model", "the model {0} of {1} is declared twice")
    seen: dict[str, Declared] = {}
    for model in merged.saying("id"):
        identity = _value(model, "id")
        if isinstance(identity, str) and (first := seen.setdefault(identity, model)) is not model:
            message = f"the model with the id {in_words(identity)} is declared twice"
            hint = Hint(related=_node(first, "id").source)
            yield Finding("duplicate-model", message, _node(model, "id").source, hint)


def same_former_name(merged: Merged) -> Iterator[Finding]:
    """Two models that want to be the same one renamed."""
    yield from _twice(merged, "renamed_from", "duplicate-rename", "two models are renamed from {0} of {1}")


def rename_to_itself(merged: Merged) -> Iterator[Finding]:
    """A rename that changes nothing."""
    for model in merged.saying("renamed_from"):
        former = _value(model, "renamed_from")
        if former is not None and former == _value(model, "name"):
            hint = Hint(expected="the former name, or no renamed_from")
            source = _node(model, "renamed_from").source
            yield Finding("rename-to-itself", "renamed_from is the model's own name", source, hint)


def worker_range(merged: Merged) -> Iterator[Finding]:
    """More workers at least than at most."""
    for model, infra, held in _deployments(merged):
        least, most = held.get("min_workers"), held.get("max_workers")
        if _is_count(least) and _is_count(most) and least > most:
            message = f"min_workers {least} is above max_workers {most}"
            yield _between(model, "worker-range", message, ((*infra, "min_workers"), (*infra, "max_workers")))


def gpu_contradiction(merged: Merged) -> Iterator[Finding]:
    """GPUs without a type, or a type without GPUs, where the manifest declares both."""
    for model, infra, held in _deployments(merged):
        if not ("gpus" in held and "gpu_type" in held and _is_count(held["gpus"])):
            continue
        count, kind = held["gpus"], held["gpu_type"]
        if count == 0 and isinstance(kind, str):
            message = f"gpu_type is {in_words(kind)}, and gpus is 0"
        elif count > 0 and kind is None:
            message = f"gpus is {count}, and gpu_type is null"
        else:
            continue
        yield _between(model, "gpu-contradiction", message, ((*infra, "gpus"), (*infra, "gpu_type")))


def reserved_key(merged: Merged) -> Iterator[Finding]:
    """A metadata key that would overwrite egpsync's mark."""
    for model in merged.saying("model_metadata"):
        metadata = _value(model, "model_metadata")
        if isinstance(metadata, dict) and MARK in metadata:
            message = f"the metadata key {MARK} is reserved: egpsync keeps its own mark there"
            source = _node(model, "model_metadata", MARK).key_source
            yield Finding("reserved-key", message, source, Hint(expected="another key"))


def ignored_path(merged: Merged) -> Iterator[Finding]:
    """An ignore_changes path that names no field, so that it ignores nothing; in defaults, of no family of vendors."""
    for model in merged.saying("lifecycle"):
        vendor, paths = _value(model, "model_vendor"), _value(model, "lifecycle", "ignore_changes")
        if not (isinstance(vendor, str) and isinstance(paths, list)):
            continue
        own = model.written.find(("lifecycle", "ignore_changes")) is not None
        vendors = (vendor,) if own else FAMILIES
        for at, path in enumerate(paths):
            if isinstance(path, str) and not any(_is_ignorable(name, path) for name in vendors):
                message = f"{in_words(path)} names no field of a model of {vendor}"
                source = _node(model, "lifecycle", "ignore_changes", at).source
                yield Finding("ignored-path", message, source, Hint(suggestion=_near(vendor, path)))


def exact_path(merged: Merged) -> Iterator[Finding]:
    """A path of lifecycle.exact that names no free-form map; in defaults, of no family of vendors."""
    for model in merged.saying("lifecycle"):
        vendor, paths = _value(model, "model_vendor"), _value(model, "lifecycle", "exact")
        if not (isinstance(vendor, str) and isinstance(paths, list)):
            continue
        own = model.written.find(("lifecycle", "exact")) is not None
        for at, path in enumerate(paths):
            if isinstance(path, str) and not any(_is_map(name, path) for name in ((vendor,) if own else FAMILIES)):
                message = f"{in_words(path)} names no free-form map of a model of {vendor}"
                maps = [".".join(field) for field in fields_of(vendor) if policy_of(vendor, field).free_form]
                hint = Hint(expected=f"one of {', '.join(maps)}", suggestion=nearest(path, maps))
                yield Finding("exact-path", message, _node(model, "lifecycle", "exact", at).source, hint)


def unknown_template(merged: Merged) -> Iterator[Finding]:
    """A template that is extended and stands nowhere."""
    for node in _extending(merged):
        names = node.value["extends"]
        for at, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name not in merged.templates:
                message = f"there is no template {in_words(name)}"
                near = nearest(name, merged.templates)
                yield Finding("unknown-template", message, node.at(("extends", at)).source, Hint(suggestion=near))


def same_template(merged: Merged) -> Iterator[Finding]:
    """Two templates of one name: files that are loaded together share them."""
    for document in merged.documents.documents:
        held = document.root.get("templates")
        for name in held.value if held and isinstance(held.value, dict) else ():
            node, first = _below(held, name), merged.templates.get(name)
            if node and first and node.source != first.source:
                message = f"the template {in_words(name)} is declared twice"
                yield Finding("duplicate-template", message, node.key_source, Hint(related=first.key_source))


def circular_template(merged: Merged) -> Iterator[Finding]:
    """A template that extends itself, on whatever way."""
    done: set[str] = set()
    for name in merged.templates:
        way: list[str] = []
        stack = [(name, iter(_names(merged, name)))] if name not in done else []
        while stack:
            here, rest = stack[-1]
            if here not in way:
                way.append(here)
            following = next(rest, None)
            if following is None:
                done.add(here)
                way.pop()
                stack.pop()
            elif following in way:
                message = f"the template {in_words(here)} extends itself, by way of {in_words(following)}"
                yield Finding("template-cycle", message, merged.templates[here].at(("extends",)).source)
            elif following not in done and len(stack) > DEEPEST:
                message = f"templates extend each other more than {DEEPEST} deep"
                yield Finding("depth", message, merged.templates[here].at(("extends",)).source)
            elif following not in done:
                stack.append((following, iter(_names(merged, following))))


def patch_of_nothing(merged: Merged) -> Iterator[Finding]:
    """A patch that means no model, or more than one."""
    named: Mapping[str, Sequence[int]] | None = None
    for patch in patches(merged.documents):
        named = by_name(merged.models) if named is None else named
        name = patch.value.get("name") if isinstance(patch.value, dict) else None
        if not isinstance(name, str):
            continue
        found = meant_by(patch.value, named, merged.models)
        vendor = patch.value.get("model_vendor")
        which = f"{in_words(name)} of {vendor}" if isinstance(vendor, str) else in_words(name)
        if not found:
            message = f"there is no model {which} to patch"
            near = nearest(name, () if name in named else named)
            yield Finding("unknown-patch", message, patch.at(("name",)).source, Hint(suggestion=near))
        elif found[1:]:
            other = merged.models[found[1]].written.source
            hint = Hint(expected="model_vendor, to say which one", related=other)
            yield Finding("ambiguous-patch", f"several models are called {which}", patch.at(("name",)).source, hint)


def endless_merge(merged: Merged) -> Iterator[Finding]:
    """Small files that become endlessly much where they are merged."""
    if merged.cut:
        message = "what is merged under the models up to this one is too much"
        yield Finding("alias-expansion", message, merged.cut, Hint(expected="smaller defaults and templates"))


def _extending(merged: Merged) -> Iterator[Node]:
    """The models and templates that extend something, as they are written."""
    for node in (*(model.written for model in merged.saying("extends")), *merged.templates.values()):
        if isinstance(node.value, dict) and "extends" in node.value:
            yield node


def _names(merged: Merged, template: str) -> list[str]:
    """The known templates that a template extends."""
    names = merged.templates[template].value.get("extends")
    named = (name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
    return [name for name in named if name in merged.templates]


def _below(node: Node | None, key: str) -> Node | None:
    return node.get(key) if node else None


def _twice(merged: Merged, key: str, rule: str, message: str) -> Iterator[Finding]:
    """A finding for each model of a vendor whose `key` has the value of an earlier one's."""
    seen: dict[tuple[str, str], Declared] = {}
    for model in merged.saying(key):
        vendor, value = _value(model, "model_vendor"), _value(model, key)
        if isinstance(vendor, str) and isinstance(value, str):
            first = seen.setdefault((vendor, value), model)
            if first is not model:
                hint = Hint(related=_node(first, key).source)
                yield Finding(rule, message.format(in_words(value), vendor), _node(model, key).source, hint)


def _between(model: Declared, rule: str, message: str, paths: tuple[Path, Path]) -> Finding:
    """A contradiction of two fields: at the one that the model itself declares, the other as the related place."""
    one, other = sorted(paths, key=lambda path: model.written.find(path) is None)
    return Finding(rule, message, _node(model, *one).source, Hint(related=_node(model, *other).source))


def _deployments(merged: Merged) -> Iterator[tuple[Declared, Path, dict[str, Json]]]:
    """Where models say what they run on."""
    for model in merged.saying("vendor_configuration"):
        vendor = _value(model, "model_vendor")
        place = place_of(vendor, "min_workers") if isinstance(vendor, str) else None
        held = _value(model, *place[:-1]) if place else None
        if place and isinstance(held, dict):
            yield model, place[:-1], held


def _value(model: Declared, *path: str) -> Json:
    """The merged model's value there; None for nothing."""
    return value_at(model.merged.value, path)


def _node(model: Declared, *path: str | int) -> Node:
    return model.merged.at(path)


def _is_count(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_ignorable(vendor: str, dotted: str) -> bool:
    path = tuple(dotted.split("."))
    return path[0] in API_FIELDS and names_field(vendor, path)


def _is_map(vendor: str, dotted: str) -> bool:
    path = tuple(dotted.split("."))
    return path in fields_of(vendor) and policy_of(vendor, path).free_form


def _near(vendor: str, dotted: str) -> str:
    """The field that the path most likely means; "" for none."""
    if len(dotted) > LONGEST_WORD:
        return ""
    last = fields_named(vendor, dotted.rpartition(".")[2])
    known = [".".join(path) for path in last or fields_of(vendor) if path[0] in API_FIELDS]
    return closest(dotted, known, 0.0 if last else 0.7)


RULES: tuple[Rule, ...] = (
    Rule(
        id="no-manifests",
        summary="the paths hold no manifest at all",
        why="A run over nothing would look like one that found nothing wrong.",
        mend="Give the folder or files that hold the manifests.",
    ),
    Rule(
        id="unreadable-file",
        summary="a file cannot be opened, or is no regular file",
        why="What cannot be read may declare models, and nothing is inferred from what is not seen.",
        mend="Mend the file's permissions, or leave it out of the paths.",
    ),
    Rule(
        id="link-outside",
        summary="a link leads out of the folder or the repository that it is found in",
        why="A change of the repository could have any file of the machine read and quoted.",
        mend="Put the file itself there, or name it as a path of its own.",
    ),
    Rule(
        id="file-size",
        summary="a file is larger than the limit",
        why="What one file costs to read is bounded.",
        mend="Split it into several files.",
    ),
    Rule(
        id="value-count",
        summary="a file holds more values than the limit",
        why="What one file costs to read is bounded.",
        mend="Split it into several files.",
    ),
    Rule(
        id="encoding",
        summary="a file is not UTF-8, or holds characters that YAML does not allow",
        why="Programs read such bytes differently, so that what is reviewed is not what is applied.",
        mend="Save the file as UTF-8, and write odd characters as escapes in double quotes.",
    ),
    Rule(
        id="yaml-syntax",
        summary="a file is not well-formed YAML",
        why="Nothing is known of what the file declares.",
        mend="Follow the place that is shown; the fault can begin a line above it.",
    ),
    Rule(
        id="yaml-version",
        summary="a %YAML directive asks for another version than 1.2",
        why="The versions read the same text differently: no and 0123 are text here.",
        mend="Leave the directive away.",
    ),
    Rule(
        id="yaml-tag",
        summary="a tag other than !!str, !!int, !!float, !!bool, !!null, !!seq, !!map, or one that does not fit",
        why="A tag makes a value something else than it looks.",
        mend="Leave the tag away: quotes make text, and the rest follows from how it is written.",
    ),
    Rule(
        id="duplicate-key",
        summary="a mapping has the same key twice",
        why="Readers of YAML keep one of the two, and not all the same one.",
        mend="Keep one of them.",
    ),
    Rule(
        id="merge-key",
        summary="the merge key << of YAML 1.1",
        why="It is no part of YAML 1.2, and readers merge differently.",
        mend="Write the fields out, give them once in `defaults`, or name them in `templates`.",
    ),
    Rule(
        id="string-key",
        summary="a key that is not text",
        why="JSON, which the API takes, has no other keys.",
        mend="Put quotes around the key.",
    ),
    Rule(
        id="number-range",
        summary="a number that JSON cannot hold: infinite, not a number, or of more than 400 digits",
        why="It cannot be sent.",
        mend="Put quotes around what is text.",
    ),
    Rule(
        id="alias",
        summary="an alias without its anchor, inside its own anchor, or as a key",
        why="It stands for nothing.",
        mend="Write the value out.",
    ),
    Rule(
        id="alias-expansion",
        find=endless_merge,
        summary="aliases, defaults or templates that expand to more values than the limit",
        why="A small file would cost as much as an endless one.",
        mend="Write less of it, or split the file.",
    ),
    Rule(
        id="depth",
        summary="values nested deeper than the limit",
        why="Readers further on stop at depths of their own.",
        mend="Nest less: 64 levels are more than any field takes.",
    ),
    Rule(
        id="variable-unset",
        summary="a variable that is set nowhere, or is no text",
        why="What the manifest says is not known.",
        mend="Set it by --var, vars in the project file or EGPSYNC_VAR_NAME, or give a default: ${NAME:-default}.",
    ),
    Rule(
        id="variable-syntax",
        summary="${ that begins no reference",
        why="It may be meant as text or as a variable.",
        mend="Write ${NAME}, ${NAME:-default}, ${NAME:?message} or ${secret:NAME}, and $$ for a dollar.",
    ),
    Rule(
        id="variable-in-key",
        summary="a variable in a key",
        why="Which fields a manifest declares is read in the manifest itself.",
        mend="Write the key out.",
    ),
    Rule(
        id="secret-misplaced",
        summary="a secret in a field that is shown",
        why="It would stand in plans, reports and journals.",
        mend="Use secrets in env_vars alone.",
    ),
    Rule(
        id="wrong-type",
        summary="a value of the wrong type",
        why="The API refuses it, or takes it for something else.",
        mend="Write what is expected; quotes make a number text.",
    ),
    Rule(
        id="wrong-value",
        summary="a value that the field does not take",
        why="The API refuses it, or the deployment fails.",
        mend="Write one of the values that are expected.",
    ),
    Rule(
        id="unknown-field",
        summary="a field that does not exist",
        why="The API drops what it does not know, so that it would have no effect.",
        mend="Correct its name or its place; the nearest is suggested.",
    ),
    Rule(
        id="server-set-field",
        summary="a field that only the server sets",
        why="No request can change it.",
        mend="Remove it.",
    ),
    Rule(
        id="field-not-taken",
        summary="a field that this vendor, or a model that is to be deleted, does not take",
        why="The API refuses it.",
        mend="Remove it, or correct the vendor.",
    ),
    Rule(
        id="missing-field",
        summary="a field that must be there",
        why="Without it nobody can say which model is meant.",
        mend="Add it, in the model or in `defaults`.",
    ),
    Rule(
        id="team-schema",
        summary="a model that breaks one of the team's own schemas",
        why="The project file names schemas that every resolved model is held to.",
        mend="Follow the schema's own words, which are shown.",
    ),
    Rule(
        id="incomplete-create",
        summary="a model that is to be created lacks fields",
        why="The API would refuse to create it. Only a plan can find this, as the model may exist.",
        mend="Add the fields that are named.",
    ),
    Rule(
        id="accepted-drift",
        summary="an accepted_drift of the project file that lapsed or matches no difference",
        why="What was accepted for a while is forgotten otherwise, and hides the next difference of that field.",
        mend="Write another day where it is still accepted; remove the entry otherwise.",
        severity=Severity.WARNING,
    ),
    Rule(
        id="duplicate-model",
        summary="the same model declared twice, by vendor and name or by id",
        why="Each declaration would undo the other.",
        mend="Keep one; to change a model that stands elsewhere, write a patch.",
        find=same_model,
    ),
    Rule(
        id="duplicate-rename",
        summary="two models renamed from the same one",
        why="One model can become only one other.",
        mend="Keep the one that is meant.",
        find=same_former_name,
    ),
    Rule(
        id="rename-to-itself",
        summary="renamed_from is the model's own name",
        why="The rename has happened, or the former name is mistaken.",
        mend="Remove renamed_from, or name the former name.",
        find=rename_to_itself,
    ),
    Rule(
        id="unknown-template",
        summary="a template that is extended and stands nowhere",
        why="What it was to say is missing from the model.",
        mend="Correct the name; the nearest is suggested.",
        find=unknown_template,
    ),
    Rule(
        id="duplicate-template",
        summary="two templates of one name",
        why="Files that are loaded together share their templates, and one would win by chance.",
        mend="Rename one of them.",
        find=same_template,
    ),
    Rule(
        id="template-cycle",
        summary="templates that extend each other in a circle",
        why="Nobody can say which is under which.",
        mend="Let one of them extend nothing.",
        find=circular_template,
    ),
    Rule(
        id="unknown-patch",
        summary="a patch of a model that is declared nowhere",
        why="A patch creates no model, so that it would have no effect.",
        mend="Correct the name; the nearest is suggested.",
        find=patch_of_nothing,
    ),
    Rule(
        id="ambiguous-patch",
        summary="a patch that could mean several models",
        why="It would change one of them by chance.",
        mend="Add model_vendor to the patch.",
    ),
    Rule(
        id="worker-range",
        summary="min_workers above max_workers",
        why="The platform accepts it, and the endpoint never scales as it says.",
        mend="Lower min_workers or raise max_workers.",
        find=worker_range,
    ),
    Rule(
        id="gpu-contradiction",
        summary="GPUs without a type, or a type without GPUs",
        why="The deployment fails after it has begun.",
        mend="Declare both, or neither.",
        find=gpu_contradiction,
    ),
    Rule(
        id="reserved-key",
        summary="a metadata key that egpsync keeps for itself",
        why="It would overwrite the mark that says whose model this is.",
        mend="Use another key.",
        find=reserved_key,
    ),
    Rule(
        id="ignored-path",
        summary="an ignore_changes path that names no field",
        why="It ignores nothing, so that a change thought to be ignored is applied.",
        mend="Correct the path; the nearest is suggested.",
        find=ignored_path,
    ),
    Rule(
        id="exact-path",
        summary="a path of lifecycle.exact that names no free-form map",
        why="Keys that were to be removed would stay.",
        mend="Name a free-form map; those of the vendor are listed.",
        find=exact_path,
    ),
    Rule(
        id="unused-ignore",
        summary="a comment `egpsync: ignore` that silences nothing",
        why="What it silenced once is mended or misspelt, and the comment would hide the next one that stands there.",
        mend="Remove the comment, or write the name of a lint that finds something on its line.",
        severity=Severity.WARNING,
    ),
    Rule(
        id="more-problems",
        summary="more problems than are told one by one",
        why="The cost of a report is bounded.",
        mend="Mend those that are shown, and run again.",
    ),
)
"""All of them: in the order in which they are met, and as the tables show them. A new one is a value here."""
