"""What can stop a run, as exceptions that say what happened, to what, and what to do next; and the exit codes.

EgpsyncError
├── UsageError              the command line or a setting is wrong            (exit 64)
├── FileError               a file cannot be read or written                  (exit 1)
├── PlanFileError           a saved plan cannot be used                       (exit 5)
├── WrongTargetError        a run's record is of another account              (exit 5)
├── SecretError             a secret is nowhere, or cannot be used            (exit 1)
├── HistoryError            git cannot say what a revision holds              (exit 1)
├── ForgeError              GitHub, GitLab or a receiver of notices said no   (exit 1)
├── LockedError             another run holds the account                     (exit 5)
└── ApiError                a call did not do what was asked                  (exit 1)
    ├── Unreachable         no connection was made: nothing was sent
    ├── Ambiguous           sent, and no usable answer: it may have happened
    ├── Refused             401 or 403
    ├── NotFound            404
    ├── Conflict            409
    ├── Rejected            any other 4xx
    ├── RateLimited         429
    ├── ServerFault         5xx
    ├── Misanswered         an answer that is not what the API gives (HTML, a redirect, cut JSON)
    └── IncompleteListing   paging did not end in the whole account
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a run ended, for scripts; the table is in the README and in `egpsync --help`."""

    OK = 0
    ERROR = 1
    DIFFERENCES = 2
    INVALID = 3
    INCOMPLETE = 4
    REFUSED = 5
    USAGE = 64
    INTERRUPTED = 130
    TERMINATED = 143


class EgpsyncError(Exception):
    """A run cannot go on: what happened, where, and what to do next.

    `what` is one sentence; `where` names the file, URL or model ("" when `what` does); `advice` is the next step.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        super().__init__(what, where, advice)
        self.what = what
        self.where = where
        self.advice = advice

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f"\n  {self.advice}" if self.advice else "")


class UsageError(EgpsyncError):
    """The command line or a setting is wrong; nothing was read or sent."""

    exit_code = ExitCode.USAGE


class FileError(EgpsyncError):
    """A file cannot be read or written."""


class PlanFileError(EgpsyncError):
    """A saved plan cannot be used: damaged, too old, or made for something else."""

    exit_code = ExitCode.REFUSED


class WrongTargetError(EgpsyncError):
    """What is to be undone was done to another account than the settings mean; nothing was asked or sent."""

    exit_code = ExitCode.REFUSED


class LockedError(EgpsyncError):
    """Another run on this machine holds the account; nothing was sent."""

    exit_code = ExitCode.REFUSED


class StoppedError(EgpsyncError):
    """A signal ended the command."""

    def __init__(self, what: str, *, exit_code: ExitCode, advice: str = "Nothing was sent.") -> None:
        super().__init__(what, advice=advice)
        self.exit_code = exit_code


class FaultError(EgpsyncError):
    """Something in egpsync itself went wrong."""


class SecretError(EgpsyncError):
    """A secret is nowhere, or cannot be used. Its value, or half of it, is in no message."""


class HistoryError(EgpsyncError):
    """Git cannot say what a revision holds."""


class ForgeError(EgpsyncError):
    """A forge did not do what was asked.

    `status` is the HTTP status, None without an answer; `again` is whether it may do it later, after `wait` seconds.
    """

    def __init__(  # noqa: PLR0913 - the parts of one message, all by name
        self,
        what: str,
        *,
        where: str,
        advice: str = "",
        status: int | None = None,
        again: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(what, where=where, advice=advice)
        self.status = status
        self.again = again
        self.wait = wait


class ApiError(EgpsyncError):
    """A call did not do what was asked.

    `method` and `url` are those sent; `status` is the HTTP status, None when there was no answer; `retry_after` is
    how many seconds the server asked to wait, None where it did not; `after_fault` says whether an attempt of the same
    request before it ended in a fault of the server, which can have acted all the same. The server's own message is in
    `what`, made safe to print by whoever prints it.
    """

    def __init__(  # noqa: PLR0913 - the parts of one message, all by name
        self,
        what: str,
        *,
        method: str,
        url: str,
        status: int | None = None,
        advice: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=f"{method} {url}", advice=advice)
        self.method = method
        self.url = url
        self.status = status
        self.retry_after = retry_after
        self.after_fault = False


class Unreachable(ApiError):
    """No connection was made, so nothing reached the server."""


class Ambiguous(ApiError):
    """The request was sent and no usable answer came: it may or may not have happened."""


class Refused(ApiError):
    """401 or 403: the key or the account is not accepted."""


class NotFound(ApiError):
    """404: there is no such model, or the key may not see it."""


class Conflict(ApiError):
    """409: the model is busy or the name is taken."""


class Rejected(ApiError):
    """400, 422 or another 4xx: the server understood and said no."""


class RateLimited(ApiError):
    """429 for longer than the deadline allows."""


class ServerFault(ApiError):
    """5xx for longer than the retries allow."""


class Misanswered(ApiError):
    """An answer that the API does not give: HTML, a redirect, JSON cut short, a shape without the model's fields."""


class IncompleteListing(ApiError):
    """Paging did not end in the whole account, so nothing can be inferred from what is absent."""
