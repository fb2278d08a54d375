"""Bytes beside rows: delivered models, and what was made of them."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create their table."""
    op.create_table(
        "twin_kept",
        Column("fid", Integer, primary_key=True, autoincrement=True),
        Column("sha256", Text, nullable=False, unique=True),
        Column("size", BigInteger, nullable=False),
        Column("data", LargeBinary, nullable=False),
    )
