"""Who may do what in a twin's schema: read, which serving needs; edit the tables, as in QGIS; write as the twin does.

What an editor does is recorded, whatever he does; the writer is for the twin's own programs, which keep the history
themselves. Nobody but the owner of the schema creates, alters or drops anything, and no writer can change what the
history says: it is for adding only. The roles have no passwords; an administrator sets them, or grants the roles to
people's own.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from twin.errors import StoreUnavailable
from twin.stores.postgis_styles import style_rights
from twin.stores.postgis_url import PostgisPlace
from twin.stores.tables import KEPT, REVISIONS

_LAYERS = text(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind = 'r'"
    " AND to_regclass(format('%I.%I', CAST(:schema AS text), relname || '_history')) IS NOT NULL ORDER BY relname"
)
_FACTS = text(
    "SELECT quote_ident(current_database()) AS database, quote_ident(pg_get_userbyid(nspowner)) AS owner"
    " FROM pg_namespace WHERE nspname = :schema"
)
#: The roles of a schema that are there; none where its writer is another one's of the same name.
_PRESENT = text(
    "SELECT rolname FROM pg_roles WHERE rolname = ANY(:names) AND EXISTS"
    " (SELECT FROM pg_roles WHERE rolname = :writer AND has_table_privilege(oid, :revisions, 'INSERT'))"
)


def role_names(schema: str) -> tuple[str, str, str]:
    """The reader, the editor and the writer of a schema."""
    return f"{schema}_reader", f"{schema}_editor", f"{schema}_writer"


def layer_names(connection: Connection, schema: str) -> list[str]:
    """The layers that have tables, by the history beside them."""
    return list(connection.execute(_LAYERS, {"schema": schema}).scalars())


def write_roles(connection: Connection, place: PostgisPlace) -> list[str]:
    """Write the statements that create the roles, as far as they are not there, and give them their rights."""
    schema = place.schema
    reader, editor, writer = names = role_names(schema)
    facts = connection.execute(_FACTS, {"schema": schema}).first()
    if facts is None:
        raise StoreUnavailable(f"{place}: there is no such schema; create the twin first")
    known = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
    present = set(connection.execute(known, {"names": list(names)}).scalars())
    return [
        *(f"CREATE ROLE {role} LOGIN" for role in names if role not in present),
        f"GRANT {reader} TO {editor}, {writer}",
        f"GRANT CONNECT ON DATABASE {facts.database} TO {reader}",
        *_schema_rights(connection, schema),
        *(right for layer in layer_names(connection, schema) for right in _layer_rights(schema, layer)),
    ]


def renew_rights(connection: Connection, schema: str) -> None:
    """Give the roles of a twin the rights that an older version of this program did not give them."""
    layers = layer_names(connection, schema)
    rights = [*_schema_rights(connection, schema), *(r for layer in layers for r in _layer_rights(schema, layer))]
    _grant(connection, schema, rights)


def grant_layer(connection: Connection, schema: str, layer: str) -> None:
    """Give the roles of a twin their rights to a layer that was created later."""
    _grant(connection, schema, _layer_rights(schema, layer))


def _grant(connection: Connection, schema: str, rights: Iterable[str]) -> None:
    """Give rights to the roles that are there."""
    names = role_names(schema)
    given = {"names": list(names), "writer": names[-1], "revisions": f"{schema}.{REVISIONS.name}"}
    present = set(connection.execute(_PRESENT, given).scalars())
    for right in rights:
        if right.rpartition(" ")[2] in present:
            connection.exec_driver_sql(right)


def _schema_rights(connection: Connection, schema: str) -> list[str]:
    reader, editor, writer = role_names(schema)
    owner = connection.execute(_FACTS, {"schema": schema}).one().owner
    later = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT SELECT"
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {reader}",
        f"{later} ON TABLES TO {reader}",
        f"{later} ON SEQUENCES TO {reader}",
        f"GRANT INSERT ON {schema}.{REVISIONS.name}, {schema}.{KEPT.name} TO {writer}",
        f"GRANT USAGE ON SEQUENCE {schema}.{KEPT.name}_fid_seq TO {writer}",
        *style_rights(connection, reader, (editor, writer)),
    ]


def _layer_rights(schema: str, layer: str) -> list[str]:
    _, editor, writer = role_names(schema)
    return [
        f'GRANT INSERT, UPDATE, DELETE ON {schema}."{layer}" TO {editor}',
        f'GRANT USAGE ON SEQUENCE {schema}."{layer}_fid_seq" TO {editor}',
        f'GRANT INSERT, UPDATE, DELETE ON {schema}."{layer}" TO {writer}',
        f'GRANT INSERT ON {schema}."{layer}_history" TO {writer}',
        f'GRANT USAGE, SELECT, UPDATE ON SEQUENCE {schema}."{layer}_fid_seq" TO {writer}',
    ]
