"""What Alembic runs: the migrations of one schema, in the transaction of the connection that it is given."""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(
    connection=given["connection"], version_table=given["version_table"], version_table_schema=given["schema"]
)
with context.begin_transaction():
    context.run_migrations()
