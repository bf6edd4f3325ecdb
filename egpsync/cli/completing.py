"""What is typed so far in, the names of targets and models that it can become out: offline, without a complaint."""

import re
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""What no shell acts upon: another name would stand on the command line as it is, and a stranger may have chosen it."""

Completing = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def targets(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Of the project file."""
    return _quietly(lambda: _targets(ctx), typed)


def models(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """That the manifests declare."""
    return _quietly(lambda: _models(ctx), typed)


def _quietly(names: Callable[[], Iterable[str]], typed: str) -> list[CompletionItem]:
    """Whatever is wrong with the files is told where they are used, not between two keys."""
    try:
        return [
            CompletionItem(name) for name in sorted(set(names())) if name.startswith(typed) and PLAIN.fullmatch(name)
        ]
    except Exception:  # noqa: BLE001 - a prompt is no place for it
        return []


def _targets(ctx: click.Context) -> Iterable[str]:
    from egpsync.settings import named_project  # noqa: PLC0415 - for those alone who complete
    from egpsync.workflow.project import open_project  # noqa: PLC0415

    project = open_project(named_project(ctx.params)).project
    return project.targets if project is not None else ()


def _models(ctx: click.Context) -> Iterable[str]:
    from egpsync.manifest.identities import identities  # noqa: PLC0415
    from egpsync.settings import load_settings, named_project  # noqa: PLC0415
    from egpsync.workflow.project import open_project, paths_of  # noqa: PLC0415

    project = open_project(named_project(ctx.params)).project
    settings = load_settings(ctx.params, project=project, offline=True)
    found = identities(paths_of(tuple(ctx.params.get("paths") or ()), settings))
    return (name for _, name in found.names)
