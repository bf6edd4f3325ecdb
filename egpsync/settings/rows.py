"""Every setting, one row each: the field's name and type, its variables, default, option, place and help."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from egpsync.errors import UsageError
from egpsync.model.project import Project, TargetScope
from egpsync.model.selection import ALL, Selection
from egpsync.settings.kinds import ACCOUNT, FILE, FOLDER, MAPS, NAME, URL, YES_NO, Kind, seconds, whole
from egpsync.settings.secrets import KEY_VARIABLES, Secrets
from egpsync.settings.urls import PRODUCTION
from egpsync.value import Value


class Group(StrEnum):
    """What a setting is about: the heading it stands under in `--help`, and which commands take it."""

    PROJECT = "Project"
    VALUES = "Variables and secrets"
    ACCOUNT = "Account and key"
    REQUESTS = "Requests"
    GUARDS = "Consent and limits"
    ROLLOUT = "Rollout"
    SAVED = "Saved plans"
    RECORDS = "Records"


class Row(Value, frozen=True, kw_only=True):
    """Where one setting comes from, and what it is."""

    name: str  # the field of Settings
    variables: tuple[str, ...]  # the first that is set and not empty counts
    default: Any
    kind: Kind
    group: Group
    help: str
    flag: str  # as click reads it: "--wait/--no-wait" for yes and no
    default_shown: str  # in --help and in the docs
    project: tuple[str, ...]  # where a target of the project file, or the file itself, says it; () for nowhere

    @property
    def place(self) -> str:
        """The option as messages name it."""
        return self.flag.partition("/")[0]


def _row(  # noqa: PLR0913 - the columns of one table, all by name
    kind: Kind,
    default: Any,
    *variables: str,
    group: Group,
    help: str,  # noqa: A002 - what click calls it
    flag: str = "",
    shown: str | None = None,
    project: tuple[str, ...] = (),
) -> Any:
    """A field of Settings that carries its row."""
    columns = {"kind": kind, "variables": variables, "group": group, "help": help, "flag": flag, "shown": shown}
    columns["project"] = project
    return dataclasses.field(default=default, metadata=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is told from outside. Times are in seconds."""

    project_file: str | None = _row(
        FILE,
        None,
        "EGPSYNC_PROJECT",
        group=Group.PROJECT,
        help="The project file.",
        flag="--project",
        shown="the nearest egpsync.yaml, up to the repository's root",
    )
    target: str | None = _row(
        NAME,
        None,
        "EGPSYNC_TARGET",
        group=Group.PROJECT,
        help="Which target of the project file is meant.",
        shown="the file's default_target",
    )
    secrets_folder: str | None = _row(
        FOLDER,
        None,
        "EGPSYNC_SECRETS_FOLDER",
        group=Group.VALUES,
        help="A folder with one file a secret, named after it.",
        shown="the project file's",
    )
    no_secret_commands: bool = _row(
        YES_NO,
        False,  # noqa: FBT003 - a default
        "EGPSYNC_NO_SECRET_COMMANDS",
        group=Group.VALUES,
        help="Run no command for secrets, whatever the project file says.",
        shown="",
    )
    base_url: str = _row(
        URL,
        PRODUCTION,
        "SGP_CLIENT_BASE_URL",
        "EGP_ENDPOINT_URL",
        group=Group.ACCOUNT,
        help="Where the API is.",
        project=("base_url",),
    )  # as urls.base_url spells it; may carry a path
    account_id: str | None = _row(
        ACCOUNT,
        None,
        "SGP_ACCOUNT_ID",
        "EGP_ACCOUNT_ID",
        group=Group.ACCOUNT,
        help="Which account is meant, where the key can use several.",
        project=("account_id",),
    )
    api_key_file: str | None = _row(
        FILE,
        None,
        "EGPSYNC_API_KEY_FILE",
        group=Group.ACCOUNT,
        help="A file that holds the API key; it wins over the key's own variables, SGP_API_KEY and EGP_API_KEY.",
    )
    expected_base_url: str | None = _row(
        URL,
        None,
        "EGPSYNC_EXPECT_BASE_URL",
        group=Group.ACCOUNT,
        help="Refuse any other base URL.",
        flag="--expect-base-url",
    )
    expected_account_id: str | None = _row(
        ACCOUNT,
        None,
        "EGPSYNC_EXPECT_ACCOUNT_ID",
        group=Group.ACCOUNT,
        help="Refuse any other account.",
        flag="--expect-account-id",
    )
    parallelism: int = _row(
        whole(1),
        8,
        "EGPSYNC_PARALLELISM",
        group=Group.REQUESTS,
        help="Requests under way at once.",
        project=("parallelism",),
    )
    request_timeout: float = _row(
        seconds(),
        60.0,
        "EGPSYNC_REQUEST_TIMEOUT",
        group=Group.REQUESTS,
        help="For connecting, and between two bytes of an answer.",
    )
    retries: int = _row(
        whole(0),
        5,
        "EGPSYNC_RETRIES",
        group=Group.REQUESTS,
        help="How often a request is sent again where that can do no harm.",
    )
    retry_deadline: float = _row(
        seconds(),
        180.0,
        "EGPSYNC_RETRY_DEADLINE",
        group=Group.REQUESTS,
        help="For one request with all its retries, waiting included.",
    )
    retry_wait: float = _row(
        seconds(0),
        0.5,
        "EGPSYNC_RETRY_WAIT",
        group=Group.REQUESTS,
        help="Before the first retry, at most; doubled for each one after it, up to 20.",
    )
    settle: float = _row(
        seconds(0),
        90.0,
        "EGPSYNC_SETTLE",
        group=Group.REQUESTS,
        help="How long readings may lag behind a write, as the platform's caches do.",
    )
    map_semantics: tuple[tuple[str, str], ...] = _row(
        MAPS,
        (),
        "EGPSYNC_MAP_SEMANTICS",
        group=Group.REQUESTS,
        help="What this installation does to maps in a PATCH: one word for all, or NAME=WORD, comma-separated.",
        shown="not known: maps travel whole",
        project=("map_semantics",),
    )  # (name of a map, or "*" for all; merge or replace)
    limit_percent: int = _row(
        whole(0, "PERCENT"),
        30,
        "EGPSYNC_LIMIT_PERCENT",
        group=Group.GUARDS,
        help="Models to delete, replace or redeploy without consent: so many of the account's.",
        project=("limits", "percent"),
    )
    limit_count: int = _row(
        whole(0),
        20,
        "EGPSYNC_LIMIT_COUNT",
        group=Group.GUARDS,
        help="And never more than this many without consent; of models to create, this many alone counts.",
        project=("limits", "count"),
    )
    limit_gpus: int | None = _row(
        whole(0),
        None,
        "EGPSYNC_LIMIT_GPUS",
        group=Group.GUARDS,
        help="By how many GPUs at most workers a run may grow the account.",
        shown="no limit",
        project=("limits", "gpus"),
    )
    wait: bool = _row(
        YES_NO,
        True,  # noqa: FBT003 - a default
        "EGPSYNC_WAIT",
        group=Group.ROLLOUT,
        help="Follow deployments to their end.",
        flag="--wait/--no-wait",
        shown="wait",
    )
    timeout: float = _row(
        seconds(0),
        2700.0,
        "EGPSYNC_TIMEOUT",
        group=Group.ROLLOUT,
        help="For one deployment.",
        project=("rollout", "timeout"),
    )
    poll: float = _row(
        seconds(),
        1.0,
        "EGPSYNC_POLL",
        group=Group.ROLLOUT,
        help="Until a deployment is first looked at; then ever longer.",
    )
    max_redeploys: int = _row(
        whole(1),
        8,
        "EGPSYNC_MAX_REDEPLOYS",
        group=Group.ROLLOUT,
        help="Deployments in flight at once.",
        project=("rollout", "max_redeploys"),
    )
    canaries: int = _row(
        whole(0),
        0,
        "EGPSYNC_CANARIES",
        group=Group.ROLLOUT,
        help="Deployments that must be ready before the others begin, also with --no-wait.",
        project=("rollout", "canaries"),
    )
    max_failures: int | None = _row(
        whole(1),
        None,
        "EGPSYNC_MAX_FAILURES",
        group=Group.ROLLOUT,
        help="Begin nothing more after so many failures.",
        shown="no limit",
        project=("rollout", "max_failures"),
    )
    plan_max_age: float = _row(
        seconds(0),
        86400.0,
        "EGPSYNC_PLAN_MAX_AGE",
        group=Group.SAVED,
        help="Refuse a saved plan that is older.",
    )
    state_dir: str | None = _row(
        FOLDER,
        None,
        "EGPSYNC_STATE_DIR",
        group=Group.RECORDS,
        help="Where runs are journaled.",
        shown="~/.local/state/egpsync",
    )
    api_key: str | None = dataclasses.field(default=None, repr=False)
    key_from: str = KEY_VARIABLES[0]  # where the key is looked for, as messages name it
    around: Mapping[str, str] = dataclasses.field(default_factory=dict)  # values of ${NAME} in the environment
    given: Mapping[str, str] = dataclasses.field(default_factory=dict)  # and those of --var
    secrets: Secrets = dataclasses.field(default_factory=Secrets)  # of ${secret:NAME}
    project: Project | None = dataclasses.field(default=None, repr=False)
    scope: TargetScope | None = dataclasses.field(default=None, repr=False)  # the target that is meant
    selection: Selection = ALL
    edits: tuple[str, ...] = ()  # of where the account is, by the change under review; a sentence each

    @property
    def variables(self) -> Mapping[str, str]:
        """What ${NAME} means: what is given wins over what is committed, and that over the environment."""
        scopes = [scope for scope in (self.project, self.scope) if scope is not None]
        return {
            **self.around,
            **{name: value for scope in scopes for name, value in scope.variables.items()},
            **self.given,
        }

    def under(self, project: Project | None) -> "Settings":
        """The same target by another project file, such as that of another revision."""
        target = project.targets.get(self.scope.name) if project is not None and self.scope is not None else None
        return dataclasses.replace(self, project=project, scope=target)

    @property
    def manifests(self) -> tuple[str, ...] | None:
        """The paths that the target names, else the project; None where neither does."""
        if self.scope is not None and self.scope.manifests is not None:
            return self.scope.manifests
        return self.project.manifests if self.project is not None else None

    @property
    def journals(self) -> str:
        """The folder of the journals. Raises UsageError for a user without a home, as some containers have."""
        if self.state_dir is None:
            raise UsageError(
                "this user has no home folder to journal runs in", advice="Name a folder in EGPSYNC_STATE_DIR."
            )
        return self.state_dir


def rows(*groups: Group) -> tuple[Row, ...]:
    """The rows of these groups, or all of them, in the table's order."""
    return tuple(row for row in ROWS if not groups or row.group in groups)


def _read(field: "dataclasses.Field[Any]") -> Row:
    columns = dict(field.metadata)
    shown = columns.pop("shown")
    default = "" if field.default is None else f"{field.default:g}" if _is_number(field.default) else field.default
    columns["flag"] = columns["flag"] or f"--{field.name.replace('_', '-')}"
    return Row(
        name=field.name, default=field.default, default_shown=str(default) if shown is None else shown, **columns
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


ROWS: tuple[Row, ...] = tuple(_read(field) for field in dataclasses.fields(Settings) if field.metadata)
"""Every setting but the key itself."""
