"""What a caller of the library can choose, by the names of the command line's options and of the settings."""

from collections.abc import Mapping
from typing import TypedDict


class Options(TypedDict, total=False):
    """All of it; what is left away comes from the environment, the project file, or is the default. Times are in s."""

    # Where, and who asks.
    base_url: str
    account_id: str
    api_key: str  # wins over every other source of the key; it is written nowhere
    api_key_file: str
    project_file: str
    target: str
    expected_base_url: str  # any other is refused
    expected_account_id: str
    environ: Mapping[str, str]  # in place of the process's own environment
    variables: Mapping[str, str]  # of ${NAME} in the manifests
    state_dir: str  # where runs are journaled

    # What a plan may contain, and the consent given.
    prune: bool
    adopt: bool
    adopt_from: str
    retry_failed: bool
    allow_recreate: bool
    confirm_create: int  # at most so many
    confirm_delete: int
    confirm_recreate: int
    confirm_redeploy: int
    limit_percent: int
    limit_count: int
    limit_gpus: int

    # How it is carried out.
    parallelism: int
    request_timeout: float
    retries: int
    retry_deadline: float
    wait: bool
    timeout: float
    poll: float
    settle: float
    max_redeploys: int
    canaries: int
    max_failures: int
