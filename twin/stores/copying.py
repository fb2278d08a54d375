"""Move a twin from one store to another: its facts, every revision, every row there is and ever was.

Rows go as they stand, not as reads give them: numbers of features and of revisions stay, so that addresses, histories,
recorded results and cached tiles of the one are those of the other. A value goes as the twin reads it; one that it
cannot read is named, and nothing is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, CursorResult, Select, Table, insert, select, text
from sqlalchemy.exc import IntegrityError

from twin.columns import plain_values
from twin.errors import InvalidParameter, StoreUnavailable, TwinError
from twin.layer import Layer
from twin.stores import build_store, open_store, require_free
from twin.stores.columns import read_column
from twin.stores.dialect import Dialect, Values
from twin.stores.fetch import UNREADABLE, Fetched, fetch_batches
from twin.stores.kept import keep_bytes, list_bytes
from twin.stores.sql_store import SqlStore
from twin.stores.tables import GEOMETRY, REVISIONS, LayerTables

#: Rows that are in memory at a time.
_BATCH = 20_000


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What went of a layer.

    Parameters
    ----------
    layer
        Its id.
    rows, past_rows
        How many features, and how many rows of their history.
    left_behind
        Columns that another program added to its table: they are not the twin's, and stay where they are.
    """

    layer: str
    rows: int
    past_rows: int
    left_behind: tuple[str, ...]


def copy_store(
    source_url: str, target_url: str, layers: Mapping[str, Layer], *, tell: Callable[[str], None]
) -> list[Copied]:
    """Make a twin of the same content in another place; it appears whole or not at all.

    Parameters
    ----------
    source_url, target_url
        Places as for `twin.stores.open_store`; others may go on writing to the source, whose state is that of the
        beginning.
    layers
        Every layer that the program knows, by id.
    tell
        Is told how far it is.

    Raises
    ------
    StoreExists
        Something stands at the target.
    StoreUnavailable
        The source has a layer that is unknown, or a value that cannot be read.
    InvalidParameter
        The target's database cannot keep a value.
    """
    require_free(target_url)
    with open_store(source_url) as source:
        assert isinstance(source, SqlStore)
        with source.dialect.translated(), source.dialect.engine.connect() as reading:
            _require_known(source.url, reading, layers)
            with build_store(
                target_url, crs=source.crs, title=source.title, area=source.area, created_at=source.created_at
            ) as target:
                assert isinstance(target, SqlStore)
                move = _Move(source=source.dialect, target=target.dialect, reading=reading, tell=tell)
                move.copy_revisions()
                move.copy_bytes()
                return [copied for layer in layers.values() if (copied := move.copy_layer(layer))]


def _require_known(place: str, reading: Connection, layers: Mapping[str, Layer]) -> None:
    """Refuse to leave out a layer because this program has none of that name."""
    written = reading.execute(select(REVISIONS.c.layer).distinct().order_by(REVISIONS.c.layer)).scalars()
    unknown = [name for name in written if name not in layers]
    if unknown:
        raise StoreUnavailable(
            f"{place} has layers that this program does not know: {', '.join(unknown)}; copy it by the program that"
            " wrote them"
        )


@dataclass(frozen=True, kw_only=True)
class _Move:
    """From a snapshot of one database into another."""

    source: Dialect
    target: Dialect
    reading: Connection
    tell: Callable[[str], None]

    def copy_revisions(self) -> None:
        """Copy who wrote what, when and why."""
        revisions = self._stream(select(REVISIONS).order_by(REVISIONS.c.number))
        with self._writing() as writing:
            for batch in revisions.mappings().partitions():
                writing.execute(insert(REVISIONS), [dict(row) for row in batch])

    def copy_bytes(self) -> None:
        """Copy what rows name by its digest."""
        for data in list_bytes(self.reading):
            with self._writing() as writing:
                keep_bytes(writing, [data])

    def copy_layer(self, layer: Layer) -> Copied | None:
        """Copy a layer's current and past rows; None where it was never prepared."""
        standing = self.source.standing(self.reading, layer)
        if standing is None:
            return None
        made = self.target.tables(_as_it_stands(self.reading, standing))
        with self._writing() as writing:
            self.target.prepare(writing, made)
            with self.target.filling(writing, made):
                rows = self._copy_table(writing, made.layer, standing.current, made.current)
                past_rows = self._copy_table(writing, made.layer, standing.past, made.past)
            self.target.reserve_fids(writing, made, self.source.next_fid(self.reading, standing))
        columns = self.reading.execute(text(f'SELECT * FROM "{layer.id}" LIMIT 0')).keys()
        left_behind = tuple(name for name in columns if name not in standing.current.c)
        return Copied(layer=layer.id, rows=rows, past_rows=past_rows, left_behind=left_behind)

    def _copy_table(self, writing: Connection, layer: Layer, standing: Table, made: Table) -> int:
        """Copy all rows of one table, a batch at a time; returns how many there are."""
        names = [column.name for column in standing.c if column.name != GEOMETRY]
        statement = select(standing.c[GEOMETRY], *(standing.c[name] for name in names))
        if standing.c.fid.primary_key:
            statement = statement.order_by(standing.c.fid)
        count = 0
        try:
            for batch in self._batches(statement):
                values = _plain(layer, dict(zip(names, batch.columns, strict=True)), batch)
                values[GEOMETRY] = batch.geometries
                nothing = [None] * len(batch)
                self.target.insert_rows(writing, layer, made, [values.get(c.name, nothing) for c in made.c])
                count += len(batch)
                self.tell(f"{standing.name}: {count:,} rows")
        except IntegrityError as error:
            raise InvalidParameter(
                f"{standing.name} has a row that the target's table refuses: {error.orig}"
            ) from error
        except TwinError as error:
            raise type(error)(f"{error.detail} (a row of {standing.name})", cause=error, **error.members) from error
        return count

    def _batches(self, statement: Select[Any]) -> Iterator[Fetched]:
        with self.source.translated():  # here, so that what fails is said of the store where it fails
            yield from fetch_batches(self._stream(statement), self.source.decode)

    def _stream(self, statement: Select[Any]) -> CursorResult[Any]:
        return self.reading.execute(statement, execution_options={"yield_per": _BATCH})

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        target = self.target
        with target.translated(), target.engine.connect() as connection, target.begin_write(connection):
            yield connection


def _as_it_stands(reading: Connection, tables: LayerTables) -> Layer:
    """The layer with the fields that have a column, and none required that a row lacks.

    A field that a layer gained has nothing in the rows from before, even where it is required of new ones.
    """
    layer = tables.layer
    fields = [field for field in layer.fields if field.name in tables.current.c]
    required = [field.name for field in fields if field.required]
    lacking = {
        name
        for table in (tables.current, tables.past)
        for name in required
        if reading.execute(select(table.c[name]).where(table.c[name].is_(None)).limit(1)).first()
    }
    return replace(layer, fields=tuple(replace(f, required=f.required and f.name not in lacking) for f in fields))


def _plain(layer: Layer, columns: Mapping[str, list[Any]], batch: Fetched) -> dict[str, Values]:
    """The columns of a batch as plain values, the same for every database."""
    keys = columns[layer.key]
    if batch.unreadable:
        raise StoreUnavailable(
            f"{layer.id} {', '.join(str(keys[row]) for row in batch.unreadable[:3])} has {UNREADABLE}"
        )
    return {
        name: plain_values(read_column(layer, layer.schema[name], keys, column), layer.schema[name])
        if name in layer.schema
        else column
        for name, column in columns.items()
    }
