"""What a run is told from outside: one row a setting, read from flags, the environment and the project file."""

from egpsync.settings.load import (
    account_of,
    key_at_hand,
    load_reviewed,
    load_settings,
    named_project,
    step_summary,
    wants_color,
)
from egpsync.settings.rows import ROWS, Group, Row, Settings, rows
from egpsync.settings.secrets import KEY_VARIABLES, Secrets
from egpsync.settings.urls import PRODUCTION

__all__ = [
    "KEY_VARIABLES",
    "PRODUCTION",
    "ROWS",
    "Group",
    "Row",
    "Secrets",
    "Settings",
    "account_of",
    "key_at_hand",
    "load_reviewed",
    "load_settings",
    "named_project",
    "rows",
    "step_summary",
    "wants_color",
]
