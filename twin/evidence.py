"""The evidence of an indicator as layers: what counts, what does not, and what was derived, as features with a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.columns import typed_series
from twin.crs import CRS
from twin.engine import Result
from twin.indicator import Indicator
from twin.layer import GeometryType, Layer, Style
from twin.parts import KINDS
from twin.query import Query
from twin.schema import Code, Field
from twin.store import Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: English and Chinese titles and colours of the roles that every indicator knows, and colours of all others.
ROLES = {"covered": ("Covered", "已覆盖", "#1b8a4b"), "uncovered": ("Not covered", "未覆盖", "#d1352b")}
OTHER_COLORS = ("#e07b00", "#6a3d9a", "#1f78b4", "#b15928", "#e7298a")

#: By the dimension of shapes: the type of their features, and the opacity of a layer of them.
_KINDS: tuple[tuple[GeometryType, float], ...] = (("MultiPoint", 1.0), ("MultiLineString", 1.0), ("MultiPolygon", 0.35))
_MULTI = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """Evidence of an indicator that has one kind of geometry.

    Parameters
    ----------
    indicator
        What it is the evidence of.
    layer
        What the features are; `role` says what each of them is to the indicator.
    rows
        The features, indexed by key, in the storage CRS.
    """

    indicator: Indicator
    layer: Layer
    rows: GeoDataFrame


def gather_evidence(result: Result, layers: Mapping[str, Layer], store: Store) -> list[Evidence]:
    """Collect the evidence of a result: areas, lines and points, as far as there are any.

    Parameters
    ----------
    result
        The result.
    layers
        Those whose features may be shown, by id.
    store
        Where it was computed.
    """
    found = [*_features(result, layers, store), *_shapes(result)]
    dimensions = shapely.get_dimensions(np.array([shape for shape, _ in found], dtype=object)) if found else ()
    gathered = []
    for dimension in (2, 1, 0):
        mine = [pair for pair, its in zip(found, dimensions, strict=True) if its == dimension]
        if mine:
            layer = _describe(result, dimension)
            gathered.append(Evidence(indicator=result.indicator, layer=layer, rows=_rows(mine, layer, store.crs)))
    return gathered


def ask_features(result: Result, layers: Mapping[str, Layer]) -> Iterator[tuple[str, Layer, Query]]:
    """Say where to read what counts and what does not, as it stood when the result was computed: role, layer, query.

    Parameters
    ----------
    result
        The result.
    layers
        Those whose features may be shown, by id.
    """
    for role, keys in (("covered", result.measure.covered), ("uncovered", result.measure.uncovered)):
        for name, ids in keys.items():
            if ids and name in layers:
                yield role, layers[name], Query(ids=ids, as_of=result.as_of, known_at=result.known_at)


def _features(
    result: Result, layers: Mapping[str, Layer], store: Store
) -> Iterator[tuple[shapely.Geometry, dict[str, Any]]]:
    """Give the features that count and those that do not."""
    for role, layer, query in ask_features(result, layers):
        label = layer.style.label or layer.key
        data = store.read(layer, replace(query, fields=(label,))).data
        for key, shape, said in zip(data.index, data.geometry, data[label], strict=True):
            yield shape, {"role": role, "layer": layer.id, "feature": key, "name": said}


def _shapes(result: Result) -> Iterator[tuple[shapely.Geometry, dict[str, Any]]]:
    for shape in result.measure.shapes:
        yield shape.geometry, {"role": shape.role, "title": shape.title, "title_zh": shape.title_zh}


def _describe(result: Result, dimension: int) -> Layer:
    """Describe the layer of the evidence of a dimension."""
    indicator = result.indicator
    titles = {role: titles for role, (*titles, _) in ROLES.items()}
    for shape in result.measure.shapes:
        titles.setdefault(shape.role, [shape.title, shape.title_zh])
    colors = [color for *_, color in ROLES.values()] + list(OTHER_COLORS)
    codes = tuple(Code(value=role, title=title, title_zh=zh) for role, (title, zh) in titles.items())
    (geometry, opacity), (own, kind, kind_zh) = _KINDS[dimension], KINDS[dimension]
    return Layer(
        id=f"{indicator.id}_{own}",
        title=f"{indicator.title}: {kind}",
        title_zh=f"{indicator.title_zh}（{kind_zh}）",
        about="What counts for the indicator and what does not. " + indicator.about.partition("\n")[0],
        group=("Indicators", "指标"),
        geometry=geometry,
        key="evidence_id",
        fields=(
            Field(name="evidence_id", title="Evidence", title_zh="编号", required=True),
            Field(name="role", title="Role", title_zh="判定", codes=codes, required=True),
            Field(name="layer", title="Layer", title_zh="图层"),
            Field(name="feature", title="Feature", title_zh="要素编号"),
            Field(name="name", title="Name", title_zh="名称"),
            Field(name="title", title="What it is", title_zh="英文说明"),
            Field(name="title_zh", title="What it is, in Chinese", title_zh="说明"),
        ),
        style=Style(
            by="role",
            colors={str(code.value): color for code, color in zip(codes, colors, strict=False)},
            opacity=opacity,
            width_px=1.5,
            radius_px=6,
            label_zoom=0,  # on maps of the whole county too
        ),
    )


def _rows(found: list[tuple[shapely.Geometry, dict[str, Any]]], layer: Layer, crs: CRS) -> GeoDataFrame:
    """Make rows of shapes and what is said of them; shapes get the one type of their layer."""
    import geopandas as gpd

    said = [{"evidence_id": f"{number:06d}", **words} for number, (_, words) in enumerate(found, start=1)]
    columns = {field.name: typed_series([words.get(field.name) for words in said], field) for field in layer.schema}
    shapes = [_as_multi(shape, layer.dimension) for shape, _ in found]
    rows = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
    rows.index = columns["evidence_id"].rename(None)
    return rows


def _as_multi(shape: shapely.Geometry, dimension: int) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.force_2d(shape))
    multi: shapely.Geometry = _MULTI[dimension](parts)  # type: ignore[assignment]
    return multi
