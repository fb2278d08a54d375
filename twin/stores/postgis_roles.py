"""Who may do what in a twin's schema: one role to read, which serving needs, and one to write.

Nobody but the owner of the schema creates, alters or drops anything, and no writer can change what the history says:
it is for adding only. The roles have no passwords; an administrator sets them, or grants the roles to people's own.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from twin.errors import StoreUnavailable
from twin.stores.postgis_url import PostgisPlace
from twin.stores.tables import REVISIONS

_LAYERS = text(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind = 'r'"
    " AND to_regclass(format('%I.%I', CAST(:schema AS text), relname || '_history')) IS NOT NULL ORDER BY relname"
)
_FACTS = text(
    "SELECT quote_ident(current_database()) AS database, quote_ident(pg_get_userbyid(nspowner)) AS owner"
    " FROM pg_namespace WHERE nspname = :schema"
)


def role_names(schema: str) -> tuple[str, str]:
    """The reader and the writer of a schema."""
    return f"{schema}_reader", f"{schema}_writer"


def write_roles(connection: Connection, place: PostgisPlace) -> list[str]:
    """Write the statements that create the roles, as far as they are not there, and give them their rights."""
    schema = place.schema
    reader, writer = role_names(schema)
    facts = connection.execute(_FACTS, {"schema": schema}).first()
    if facts is None:
        raise StoreUnavailable(f"{place}: there is no such schema; create the twin first")
    known = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
    present = set(connection.execute(known, {"names": [reader, writer]}).scalars())
    statements = [f"CREATE ROLE {role} LOGIN" for role in (reader, writer) if role not in present]
    statements += [
        f"GRANT {reader} TO {writer}",
        f"GRANT CONNECT ON DATABASE {facts.database} TO {reader}",
        f"GRANT USAGE ON SCHEMA {schema} TO {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {facts.owner} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {reader}",
        f"GRANT INSERT ON {schema}.{REVISIONS.name} TO {writer}",
    ]
    layers = connection.execute(_LAYERS, {"schema": schema}).scalars()
    return statements + [statement for layer in layers for statement in _layer_rights(schema, layer)]


def grant_layer(connection: Connection, schema: str, layer: str) -> None:
    """Give the writer of a twin, where it has one, its rights to a layer that was created later."""
    _, writer = role_names(schema)
    writes = text(
        "SELECT coalesce(bool_or(has_table_privilege(oid, :table, 'INSERT')), false)"
        " FROM pg_roles WHERE rolname = :writer"
    )
    if connection.execute(writes, {"table": f"{schema}.{REVISIONS.name}", "writer": writer}).scalar_one():
        for statement in _layer_rights(schema, layer):
            connection.exec_driver_sql(statement)


def _layer_rights(schema: str, layer: str) -> list[str]:
    _, writer = role_names(schema)
    return [
        f'GRANT INSERT, UPDATE, DELETE ON {schema}."{layer}" TO {writer}',
        f'GRANT INSERT ON {schema}."{layer}_history" TO {writer}',
        f'GRANT USAGE, SELECT, UPDATE ON SEQUENCE {schema}."{layer}_fid_seq" TO {writer}',
    ]
