"""Facts and revisions."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of a new twin."""
    op.create_table(
        "twin_meta",
        Column("fid", Integer, primary_key=True),
        Column("key", Text, nullable=False, unique=True),
        Column("value", Text, nullable=False),
    )
    op.create_table(
        "twin_revisions",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("layer", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("recorded_at", Text, nullable=False),
        Column("effective", Text, nullable=False),
        Column("inserted", Integer, nullable=False),
        Column("updated", Integer, nullable=False),
        Column("deleted", Integer, nullable=False),
        Column("source", Text),
        Column("sha256", Text),
    )
    op.create_index("twin_revisions_layer", "twin_revisions", ["layer", "number"])
