"""The project of a county: every layer from one kind of source, and the evidence of the indicators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from twin.bbox import BBox
from twin.evidence import Evidence
from twin.layer import Layer
from twin.parts import kinds_of
from twin.qgis.basemap import base_map_of
from twin.qgis.maplayer import MapLayer
from twin.qgis.project import Project
from twin.qgis.sources import OLDEST, QgisVersion, Source, Sources
from twin.store import UNTITLED, Store


def describe_county(
    store: Store,
    layers: Iterable[Layer],
    sources: Sources,
    evidence: Iterable[MapLayer],
    *,
    where: str,
    service: str | None = None,
    qgis: QgisVersion = OLDEST,
) -> Project:
    """Say what the project of a county shows.

    Parameters
    ----------
    store
        Knows its title, its CRS and where it is.
    layers
        The layers, in the order of the list, groups apart.
    sources
        Where QGIS takes them from.
    evidence
        Layers of evidence; they are there to be switched on.
    where
        Where the features come from, in words.
    service
        Address of the service, where there is one: it gives the base map.
    qgis
        The oldest version of QGIS that the sources are for.
    """
    layers = list(layers)
    groups = list(dict.fromkeys(layer.group for layer in layers))
    drawn = [
        MapLayer(layer=layer, kind=kind, source=sources(layer, kind))
        for layer in sorted(layers, key=lambda layer: groups.index(layer.group))
        for kind in kinds_of(layer)
    ]
    return Project(
        title=store.title or UNTITLED,
        about=f"The layers of the county and the evidence of its indicators. {where}",
        crs=store.crs,
        extent=_extent(store, layers),
        layers=(*drawn, *evidence),
        base=None if service is None else base_map_of(service, layers),
        qgis=qgis,
    )


def show_evidence(evidence: Iterable[Evidence], find: Callable[[Evidence], Source]) -> list[MapLayer]:
    """List layers of evidence for a project, which shows them when they are switched on.

    Parameters
    ----------
    evidence
        The layers.
    find
        Says where QGIS takes the features of one from.
    """
    return [MapLayer(layer=each.layer, kind=each.layer.geometry, source=find(each), overlay=True) for each in evidence]


def _extent(store: Store, layers: Iterable[Layer]) -> BBox | None:
    """The county's outline, or where its features are."""
    if store.area is not None:
        return BBox(*store.area.bounds)
    boxes = [box for box in map(store.extent, layers) if box is not None]
    return reduce(BBox.union, boxes) if boxes else None
