"""One neutral report of any command: secrets already masked, strings still hostile. Every renderer reads only this."""

from collections.abc import Mapping
from enum import StrEnum

from egpsync.model.manifest import Problem, Severity, is_invalid
from egpsync.model.plan import Capacity, Refusal, Target
from egpsync.model.record import ChangeRecord
from egpsync.model.values import Source
from egpsync.value import Value

MASK = "(sensitive)"


class Kind(StrEnum):
    """The command that a report is of."""

    VALIDATE = "validate"
    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"
    REVERT = "revert"


class ReportRule(Value, frozen=True, kw_only=True):
    """A rule that some of the problems are found by, for those who meet it in a report."""

    id: str
    severity: Severity
    summary: str  # what it finds
    why: str  # what goes wrong otherwise
    mend: str  # what to do about it


class ReportDeclared(Value, frozen=True, kw_only=True):
    """A model that the manifests declare, where it was not held against the account."""

    vendor: str
    name: str
    source: Source


class ReportError(Value, frozen=True, kw_only=True):
    """Why the command could not go on."""

    what: str  # one sentence; can quote a server, so renderers escape it
    where: str  # a file, URL or model; "" where `what` says it
    advice: str  # the next step; "" where there is none


class ReportSpan(Value, frozen=True, kw_only=True):
    """When one change was carried out."""

    model_vendor: str
    name: str
    id: str | None
    started: str  # in UTC, ISO 8601
    ended: str


class ReportDifference(Value, frozen=True, kw_only=True):
    """One way in which a model is not as the manifests say, for comparing reports: of whichever values."""

    model_vendor: str
    name: str
    what: str  # the field, dotted; or "missing", "left over", "unhealthy"


class ReportSince(Value, frozen=True, kw_only=True):
    """What became of the differences of an earlier report, each in the order of vendor, name and field."""

    new: tuple[ReportDifference, ...]
    gone: tuple[ReportDifference, ...]
    stays: tuple[ReportDifference, ...]


class ReportTiming(Value, frozen=True, kw_only=True):
    """When it all was: the one part in which reports of equal things differ."""

    started: str  # in UTC, ISO 8601
    ended: str
    since: str | None = None  # when the report that it is compared with was made; None for none, or not known
    changes: tuple[ReportSpan, ...] = ()  # of a run: those of which something was done, in the report's order


class ReportHead(Value, frozen=True, kw_only=True):
    """Which command ran, over what: the part of a report that neither a Plan nor a RunResult knows."""

    kind: Kind
    tool_version: str
    files: int  # manifest files read
    models: int  # models declared
    problems: tuple[Problem, ...] = ()  # all that checking found, warnings included
    rules: tuple[ReportRule, ...] = ()  # those of the problems
    declared: tuple[ReportDeclared, ...] = ()  # for a report without a plan
    directory: str = ""  # the working folder, from the repository's root; "" where it is the root, or there is none
    repository_url: str | None = None  # where people read the repository
    revision: str = "HEAD"  # which of its commits the manifests are of
    target: Target | None = None  # where it is known though nothing was asked of it; a plan brings its own
    target_name: str | None = None  # of the project file
    section: str = ""  # tells reports of one account apart where they are posted
    repeat: str = ""  # the paths and options that plan and apply take from the command, as a shell reads them
    notes: tuple[str, ...] = ()  # what holds for the whole run, such as what was left out of it; a sentence each
    started: str = ""  # when the command began, as clock.now() gives it; "" where that is not to be told
    ended: str = ""


class ReportModel(Value, frozen=True, kw_only=True):
    """A live model that no manifest names."""

    name: str
    model_vendor: str
    id: str
    status: str


class Report(Value, frozen=True, kw_only=True):
    """What a command found or did."""

    kind: Kind
    tool_version: str
    base_url: str | None  # None for validate
    account_id: str | None
    files: int  # manifest files read
    models: int  # models declared
    summary: Mapping[str, int]  # a count for each action, and for "unmanaged"
    outcomes: Mapping[str, int]  # a count for each outcome; empty unless apply
    applyable: bool  # there is something to send and nothing forbids it
    complete: bool  # every part came to its end
    errored: bool
    interrupted: bool
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...]
    changes: tuple[ChangeRecord, ...]
    unmanaged: tuple[ReportModel, ...]
    capacity: Mapping[str, Capacity]
    target_name: str | None = None  # of the project file
    section: str = ""  # tells reports of one account apart where they are posted
    repeat: str = ""  # the paths and options that plan and apply take from the command; "" for none, or not known
    notes: tuple[str, ...] = ()  # what holds for the whole run, a sentence each
    rules: tuple[ReportRule, ...] = ()  # those of the problems
    declared: tuple[ReportDeclared, ...] = ()  # where nothing was compared
    directory: str = ""  # the working folder, from the repository's root; what the files' names are relative to
    repository_url: str | None = None  # where people read the repository
    revision: str = "HEAD"  # which of its commits the manifests are of
    error: ReportError | None = None  # what ended the command before its end; all else is then what was known by then
    timing: ReportTiming | None = None
    since: ReportSince | None = None  # where it is compared with an earlier report
    exit_code: int = 0  # what the command ended with, as `egpsync --help` lists it

    @property
    def invalid(self) -> bool:
        """Whether a problem is an error: then nothing was compared."""
        return is_invalid(self.problems)
