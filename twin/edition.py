"""The offline edition: one GeoPackage for work in QGIS without a network, with the state that was taken along.

It is a small twin of its own: its first revisions are that state, and what a planner edits in it becomes further ones.
`twin.merge` brings them back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from twin.catalog import Catalog
from twin.drafts import drafting
from twin.engine import evaluate, frame_digest
from twin.errors import InvalidParameter, StoreExists, TwinError
from twin.evidence import Evidence, gather_evidence
from twin.layer import Layer
from twin.qgis.county import describe_county, show_evidence
from twin.qgis.project import pack_project
from twin.qgis.sources import from_file
from twin.store import Changes, Store
from twin.stores import create_store
from twin.stores.gpkg_editions import list_columns, read_origin, write_origin, write_qgis_project

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: What the file is called in which evidence is packed together with a project.
EVIDENCE_FILE = "evidence.gpkg"
#: Who the first revisions of an edition belong to.
_AUTHOR = "twin qgis"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The state of a layer that was taken along: its last revision, how many rows, and their digest."""

    revision: int
    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the rows of an edition come from.

    Parameters
    ----------
    created_at
        When the twin was created that they are of: another one has another moment.
    layers
        What was taken along of each layer, by its id.
    columns
        The columns of every table that the file had.
    """

    created_at: datetime
    layers: Mapping[str, Taken]
    columns: Mapping[str, Sequence[str]]


def make_edition(
    store: Store, layers: Iterable[Layer], catalog: Catalog, path: Path, *, tell: Callable[[str], None]
) -> Origin:
    """Write layers as they stand, the evidence of the indicators and a project into a new GeoPackage.

    It appears whole or not at all.

    Parameters
    ----------
    store
        The twin.
    layers
        What is taken along.
    catalog
        The indicators; their evidence shows these layers only.
    path
        The file.
    tell
        Told of every step before it is taken.

    Raises
    ------
    StoreExists
        There is a file already: it may hold edits.
    """
    layers = list(layers)
    taken = {}
    with _appearing(path) as draft:
        with create_store(draft, crs=store.crs, title=store.title, area=store.area) as edition:
            for layer in layers:
                tell(f"taking {layer.id} along")
                frame = store.read(layer)
                taken[layer.id] = Taken(revision=frame.revision, rows=len(frame), digest=frame_digest(frame))
                _write(edition, layer, frame.data, f"as of revision {frame.revision} of {store.url}")
            tell("evaluating the indicators")
            evidence = _write_evidence(edition, gather_all_evidence(store, catalog, layers))
            sources = from_file(f"./{path.name}", store.crs)
            drawn = show_evidence(evidence, lambda each: sources(each.layer, each.layer.geometry))
            project = describe_county(edition, layers, sources, drawn, where="Offline edition: one file.")
        origin = Origin(created_at=store.created_at, layers=taken, columns=list_columns(draft))
        write_origin(draft, asdict(origin) | {"created_at": store.created_at.isoformat()})
        write_qgis_project(draft, project.title, pack_project(project, path.stem))
    return origin


def origin_of(path: Path) -> Origin:
    """Read where the rows of an edition come from.

    Raises
    ------
    InvalidParameter
        The file is not an edition.
    """
    noted = read_origin(path)
    if noted is None:
        raise InvalidParameter(f"{path} is no offline edition; make one with: twin qgis EDITION.gpkg", parameter="file")
    layers = {name: Taken(**taken) for name, taken in noted["layers"].items()}
    return Origin(created_at=datetime.fromisoformat(noted["created_at"]), layers=layers, columns=noted["columns"])


def find_additions(path: Path, origin: Origin) -> tuple[str, ...]:
    """Find the tables and columns (``table.column``) that somebody added to an edition: they belong to no layer."""
    return tuple(
        name
        for table, columns in list_columns(path).items()
        for name in (
            [f"{table}.{column}" for column in columns if column not in origin.columns[table]]
            if table in origin.columns
            else [table]
        )
    )


def gather_all_evidence(store: Store, catalog: Catalog, layers: Iterable[Layer]) -> list[Evidence]:
    """Evaluate every indicator as things stand, and collect its evidence, as far as these layers give any."""
    shown = {layer.id: layer for layer in layers}
    return [
        evidence
        for indicator in catalog.indicators.values()
        for evidence in gather_evidence(evaluate(indicator, catalog, store), shown, store)
    ]


def pack_evidence(store: Store, evidence: Iterable[Evidence]) -> bytes:
    """Write evidence into a GeoPackage of its own, to be packed together with a project."""
    with tempfile.TemporaryDirectory(prefix="twin-evidence-") as folder:
        path = Path(folder) / EVIDENCE_FILE
        with create_store(path, crs=store.crs, title=store.title) as file:
            _write_evidence(file, evidence)
        return path.read_bytes()


def _write_evidence(file: Store, evidence: Iterable[Evidence]) -> list[Evidence]:
    evidence = list(evidence)
    for each in evidence:
        _write(file, each.layer, each.rows, f"evidence of {each.indicator.id}")
    return evidence


def _write(file: Store, layer: Layer, rows: GeoDataFrame, reason: str) -> None:
    file.prepare(layer)
    if len(rows):
        file.write(layer, Changes(insert=rows), author=_AUTHOR, reason=reason)


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """Lend a place in a folder beside a path; what is there in the end gets the path for its name."""
    try:
        with drafting(path) as draft, tempfile.TemporaryDirectory(prefix=".twin-qgis-", dir=path.parent) as folder:
            place = Path(folder) / path.name
            yield place
            place.replace(draft)
    except FileExistsError as error:
        raise StoreExists(
            f"{path}, or a log of it, {path}-wal, is already there and may hold edits; nothing was changed"
        ) from error
    except BlockingIOError as error:
        raise TwinError(f"another program is making {path} just now", cause=error) from error
    except OSError as error:
        raise TwinError(f"{path} cannot be written: {error.strerror or error}", cause=error) from error
