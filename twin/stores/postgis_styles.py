"""Styles for QGIS in a database: one table in the schema ``public`` for all that is in it, the twin's or not.

QGIS asks for it without a schema, so it must be there. Whether the twin's owner may write there is the database's
business: where not, QGIS draws the layers in colours of its own choice, and `twin doctor` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg.errors
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import UserDefinedType

from twin.layer import Layer
from twin.store import Finding
from twin.stores.layer_styles import NAME, OWNER, write_styles

#: What a database says that does not keep styles: no right, a table of somebody else's, no schema public, no XML.
_REFUSALS = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.DuplicateTable,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.FeatureNotSupported,
)


class _Xml(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "XML"


#: As QGIS 3.22 to 3.40 create it.
_STYLES = Table(
    NAME,
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("f_table_catalog", String),
    Column("f_table_schema", String),
    Column("f_table_name", String),
    Column("f_geometry_column", String),
    Column("stylename", Text),
    Column("styleqml", _Xml),
    Column("stylesld", _Xml),
    Column("useasdefault", Boolean),
    Column("description", Text),
    Column("owner", String(63), server_default=text("CURRENT_USER")),
    Column("ui", _Xml),
    Column("update_time", DateTime, server_default=func.current_timestamp()),
    Column("type", String),
    schema="public",
)
_HERE = _STYLES.c.f_table_catalog == func.current_database()


@contextmanager
def _where_allowed(connection: Connection) -> Iterator[None]:
    """Leave undone what the database refuses to this user, and nothing else."""
    try:
        with connection.begin_nested():
            yield
    except DBAPIError as error:
        if not isinstance(error.orig, _REFUSALS):
            raise


def make_styles_table(connection: Connection) -> None:
    """Create the table, or add what versions of QGIS before 3.22 did not know, where this user may."""
    if "type" in _columns(connection):
        return
    with _where_allowed(connection):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(NAME, 0))))
        columns = _columns(connection)  # by now perhaps of another one who waited less
        if not columns:
            _STYLES.create(connection)
        elif "type" not in columns:
            connection.exec_driver_sql(f"ALTER TABLE {_STYLES} ADD COLUMN type varchar")


def keep_styles(connection: Connection, schema: str, layer: Layer) -> None:
    """Write the styles of a layer."""
    make_styles_table(connection)
    if "type" not in _columns(connection):
        return
    with _where_allowed(connection):
        database = connection.execute(select(func.current_database())).scalar_one()
        write_styles(connection, _STYLES, {"f_table_catalog": database, "f_table_schema": schema}, layer)


def move_styles(connection: Connection, before: str, after: str) -> None:
    """Let the twin's styles follow a schema that gets another name; those of a former one of that name go."""
    forget_styles(connection, after)
    with _where_allowed(connection):
        if _columns(connection):
            connection.execute(update(_STYLES).where(_ours_of(before)).values(f_table_schema=after))


def forget_styles(connection: Connection, schema: str) -> None:
    """Remove the twin's styles of a schema that goes."""
    with _where_allowed(connection):
        if _columns(connection):
            connection.execute(delete(_STYLES).where(_ours_of(schema)))


def _ours_of(schema: str) -> ColumnElement[bool]:
    return _HERE & (_STYLES.c.f_table_schema == schema) & (_STYLES.c.owner == OWNER)


def style_rights(connection: Connection, reader: str, savers: Iterable[str]) -> list[str]:
    """Write the statements that let a role read the styles, and others save their own; none that this user may not.

    Where several twins share the table, it belongs to the owner of the first one.
    """
    owns = text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(:name)")
    if not connection.execute(owns, {"name": str(_STYLES)}).scalar():
        return []
    rights = [f"GRANT SELECT ON {_STYLES} TO {reader}"]
    for role in savers:
        rights.append(f"GRANT INSERT, UPDATE, DELETE ON {_STYLES} TO {role}")
        rights.append(f"GRANT USAGE ON SEQUENCE {_STYLES}_id_seq TO {role}")
    return rights


def look_at_styles(connection: Connection, schema: str) -> Finding:
    """Whether QGIS finds styles of the layers."""
    may_read = text("SELECT has_table_privilege(to_regclass(:name), 'SELECT')")
    count = 0
    if connection.execute(may_read, {"name": str(_STYLES)}).scalar():
        of_schema = (_STYLES.c.f_table_schema == schema) & _HERE
        count = connection.execute(select(func.count(_STYLES.c.f_table_name.distinct())).where(of_schema)).scalar_one()
    if count:
        return "styles for QGIS", f"of {count} layers in {_STYLES}", True
    return "styles for QGIS", f"none in {_STYLES}, which {schema}'s owner may not write; then: twin upgrade", True


def _columns(connection: Connection) -> list[str]:
    """The columns that the table has; none before it stands, and of one that this user had better not write to.

    Where anybody may create tables, anybody's triggers would run with the rights of who writes. So the table must be of
    this user, of the database's owner or of a superuser.
    """
    sql = text(
        "SELECT attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
        " JOIN pg_roles ON relowner = pg_roles.oid"
        " WHERE attrelid = to_regclass(:name) AND attnum > 0 AND (rolsuper OR rolname = current_user"
        " OR relowner = (SELECT datdba FROM pg_database WHERE datname = current_database()))"
    )
    return list(connection.execute(sql, {"name": str(_STYLES)}).scalars())
