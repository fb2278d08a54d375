"""What the table of a layer holds other programs to: limits of its values, and the record of their edits."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from twin.errors import StoreUnavailable
from twin.layer import Layer
from twin.schema import Field
from twin.stores.postgis_roles import layer_names
from twin.stores.postgis_triggers import record_edits
from twin.stores.postgis_types import LIMITS

#: How many rows are named.
_NAMED = 5
_LIMITED = text(
    "SELECT attname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]"
    " WHERE conrelid = to_regclass(:table) AND contype = 'c' AND cardinality(conkey) = 1"
)


def limit_values(connection: Connection, layer: Layer, fields: Iterable[Field]) -> None:
    """Refuse from now on what PostgreSQL takes for a day or a number and nobody else does, where it is not refused yet.

    Parameters
    ----------
    connection
        A transaction of the table's owner.
    layer, fields
        Fields of the layer that have a column.

    Raises
    ------
    StoreUnavailable
        Rows have such values; nothing was changed.
    """
    limited = set(connection.execute(_LIMITED, {"table": f'"{layer.id}"'}).scalars())
    for field in fields:
        if field.type in LIMITS and field.name not in limited:
            limit = LIMITS[field.type].format(f'"{field.name}"')
            _require_kept(connection, layer, field, limit)
            connection.exec_driver_sql(f'ALTER TABLE "{layer.id}" ADD CHECK ({limit})')


def mend_rules(connection: Connection, schema: str, layers: Iterable[Layer]) -> None:
    """Give the tables that older versions of this program made, or their owner changed, the rules of this version.

    Parameters
    ----------
    connection
        A transaction of the owner, which decides whether it is done at all.
    schema
        Where the tables are.
    layers
        What the program knows of them.

    Raises
    ------
    StoreUnavailable
        Rows break a limit.
    """
    tables = layer_names(connection, schema)
    for table in tables:
        record_edits(connection, table)
    columns = text("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0")
    for layer in layers:
        if layer.id in tables:
            present = set(connection.execute(columns, {"table": f'"{layer.id}"'}).scalars())
            limit_values(connection, layer, [field for field in layer.schema if field.name in present])


def _require_kept(connection: Connection, layer: Layer, field: Field, limit: str) -> None:
    """Refuse to go on while there are rows that break a limit."""
    broken = connection.exec_driver_sql(
        f'SELECT "{layer.key}" AS key, "{field.name}"::text AS value FROM "{layer.id}"'
        f' WHERE NOT ({limit}) ORDER BY "{layer.key}" LIMIT {_NAMED + 1}'
    ).all()
    if broken:
        named = ", ".join(f"{row.key} ({row.value})" for row in broken[:_NAMED])
        more = " and more" if len(broken) > _NAMED else ""
        raise StoreUnavailable(
            f"{layer.id} {named}{more}: what stands as {field.name} is no {field.type} to other programs; mend these"
            " rows in the database, then do it again; nothing was changed"
        )
