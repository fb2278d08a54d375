"""The tables of layers as they stand in a database: derived once for the fields that have a column, and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from twin.errors import StoreUnavailable
from twin.layer import Layer
from twin.schema import Field
from twin.stores.tables import LayerTables


class StandingTables:
    """The tables of one database.

    Parameters
    ----------
    place
        The database, as messages name it.
    types
        What the database calls the types of fields.
    find_columns
        The columns that the table of a layer has, with their types; none before it stands.
    derive
        The tables of a layer with some of its fields, in the database's types.
    """

    def __init__(
        self,
        place: str,
        types: Mapping[str, str],
        find_columns: Callable[[Connection, Layer], dict[str, str]],
        derive: Callable[[Layer, Sequence[Field]], LayerTables],
    ) -> None:
        self._place = place
        self._types = types
        self._find_columns = find_columns
        self._derive = derive
        self._derived: dict[tuple[str, tuple[str, ...]], LayerTables] = {}

    def whole(self, layer: Layer) -> LayerTables:
        """The layer's tables with all its fields."""
        return self._with(layer, tuple(layer.schema))

    def standing(self, connection: Connection, layer: Layer) -> LayerTables | None:
        """The layer's tables with the fields that have a column; None before they stand."""
        present = self.present(connection, layer)
        return self._with(layer, tuple(present)) if present else None

    def present(self, connection: Connection, layer: Layer) -> list[Field]:
        """Find the layer's fields that have a column; none before the table stands.

        Raises
        ------
        StoreUnavailable
            A column has another type, or there is none for the key.
        """
        columns = self._find_columns(connection, layer)
        present = [field for field in layer.schema if field.name in columns]
        other = [field.name for field in present if columns[field.name] != self._types[field.type]]
        if columns and (other or layer.key not in columns):
            raise StoreUnavailable(
                f"{self._place}: {', '.join(other) or layer.key} of {layer.id} is not what this program takes it for;"
                " use the program that wrote the store, export the layer and take it in anew"
            )
        return present

    def _with(self, layer: Layer, fields: tuple[Field, ...]) -> LayerTables:
        """Derive tables once: SQLAlchemy keeps what it compiled for the same table only."""
        name = layer.id, tuple(field.name for field in fields)
        tables = self._derived.get(name)
        if tables is None or tables.layer is not layer:
            tables = self._derived[name] = self._derive(layer, fields)
        return tables
