"""Buildings of a twin into a file of CityJSON 2.0, as of any date."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bim.cityjson.features import Feature, make_features
from bim.cityjson.modelled import Modelled, furnish
from bim.cityjson.writing import head_of, write_document, write_sequence
from twin.catalog import Catalog
from twin.crs import CRS, BBox, reproject_bbox
from twin.errors import InvalidParameter, TwinError
from twin.query import AsOf, Query
from twin.store import Store

BUILDINGS = "buildings"
_SUFFIXES = {".json": write_document, ".jsonl": write_sequence}


@dataclass(kw_only=True)
class Exported:
    """What was written.

    Parameters
    ----------
    buildings
        How many.
    modelled, elements
        How many of them with the shapes of their models, and how many elements these have.
    without_geometry, assumed
        How many have no geometry, and a block of an assumed height.
    """

    buildings: int = 0
    modelled: int = 0
    elements: int = 0
    without_geometry: int = 0
    assumed: int = 0


def export_buildings(
    store: Store,
    catalog: Catalog,
    path: Path,
    *,
    crs: CRS | None = None,
    box: BBox | None = None,
    as_of: AsOf | None = None,
    overwrite: bool = False,
    shapes: bool = True,
) -> Exported:
    """Write the buildings of a twin; the file appears whole or not at all.

    Parameters
    ----------
    store, catalog
        The twin and its layers.
    path
        Ends in ``.json`` (one document) or ``.jsonl`` (a sequence).
    crs
        Of the file: projected and with an EPSG code; the storage CRS by default.
    box
        Only buildings that share a point with it, storage CRS.
    as_of
        The state to write; now by default.
    overwrite
        Whether a file that is there is replaced.
    shapes
        Whether buildings that have models are written with their elements and shapes, or as blocks as all others.

    Raises
    ------
    InvalidParameter
        The suffix is another, the file is there already, or the CRS cannot be written.
    """
    write = _SUFFIXES.get(path.suffix.lower())
    if write is None:
        raise InvalidParameter(
            f"{path.name} must end in .city.json (one document) or .city.jsonl (a sequence)", parameter="path"
        )
    if path.exists() and not overwrite:
        raise InvalidParameter(f"{path} is there already; give --overwrite to replace it", parameter="path")
    layer = catalog.layer(BUILDINGS)
    target = store.crs if crs is None else crs
    around = box or store.extent(layer)
    head = head_of(
        target,
        around=None if around is None else reproject_bbox(around, store.crs, target),
        title=f"{layer.title} {layer.title_zh}",
    )
    done = Exported()

    modelled = Modelled(store, catalog, target, as_of) if shapes else None

    def features() -> Iterator[Feature]:
        for frame in store.scan(layer, Query(bbox=box, as_of=as_of)):
            for feature in furnish(make_features(layer, frame.data, store.crs, target), modelled):
                said = next(iter(feature.objects.values()))
                done.buildings += 1
                done.modelled += feature.modelled
                done.elements += feature.elements
                done.without_geometry += not len(feature.vertices)
                done.assumed += "heightIsAssumed" in said["attributes"]
                yield feature

    try:
        with tempfile.TemporaryDirectory(prefix=".twin-export-", dir=path.parent) as folder:
            part = Path(folder) / path.name
            with part.open("wb") as file:
                file.writelines(write(head, features()))
            part.replace(path)
    except OSError as error:
        raise TwinError(f"{path} cannot be written: {error.strerror or error}", cause=error) from error
    return done
