"""Who may only edit the tables of layers cannot switch off the record of edits: other functions and triggers."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Change no table."""
