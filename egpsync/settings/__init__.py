"""What a run is told from outside: one row a setting, read from flags, the environment and the project file."""

from egpsync.settings.load import KEY_VARIABLES, load_settings, wants_color
from egpsync.settings.rows import ROWS, Group, Row, Settings, rows
from egpsync.settings.urls import PRODUCTION

__all__ = ["KEY_VARIABLES", "PRODUCTION", "ROWS", "Group", "Row", "Settings", "load_settings", "rows", "wants_color"]
