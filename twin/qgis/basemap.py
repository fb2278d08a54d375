"""The base map of a project: vector tiles of all layers from the service, drawn as the layers are.

The renderer of QGIS for vector tiles draws one style after the other, so every code of every layer has one. Names come
with the layers themselves.

References
----------
``QgsVectorTileBasicRenderer`` of QGIS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from twin.crs import parse_crs
from twin.layer import Layer, dimension_of
from twin.parts import kinds_of
from twin.qgis.expressions import quote_name, quote_text
from twin.qgis.symbols import write_symbol
from twin.qgis.systems import write_crs

#: What a project knows it by.
BASE_MAP = "twin_base_map"
_TITLE = "底图 Base map"
#: Tiles of all layers are there to this zoom; closer, QGIS draws the last ones larger.
_LAST_ZOOM = 18
#: What the renderer calls features of 0, 1 and 2 dimensions.
_KINDS = ("Point", "LineString", "Polygon")


@dataclass(frozen=True, kw_only=True)
class BaseMap:
    """Vector tiles of layers in Web Mercator, which QGIS of any version takes by their addresses.

    Parameters
    ----------
    layers
        What is in the tiles.
    tiles
        Their address, with ``{z}``, ``{x}`` and ``{y}`` in it.
    """

    layers: tuple[Layer, ...]
    tiles: str

    @property
    def source(self) -> str:
        """What QGIS is told."""
        address = self.tiles.replace("{", "%7B").replace("}", "%7D")
        return f"type=xyz&url={address}&zmin=0&zmax={_LAST_ZOOM}"


def base_map_of(root: str, layers: Iterable[Layer]) -> BaseMap:
    """Name the tiles of layers that a service gives at an address."""
    layers = tuple(layers)
    ids = ",".join(layer.id for layer in layers)
    return BaseMap(layers=layers, tiles=f"{root.rstrip('/')}/tiles/{ids}/{{z}}/{{x}}/{{y}}.mvt")


def write_base_map(parent: Element, base: BaseMap) -> None:
    """Write the base map into a project."""
    root = SubElement(parent, "maplayer", type="vector-tile", styleCategories="AllStyleCategories")
    SubElement(root, "id").text = BASE_MAP
    SubElement(root, "datasource").text = base.source
    SubElement(root, "layername").text = _TITLE
    write_crs(SubElement(root, "srs"), parse_crs("EPSG:3857"))
    SubElement(root, "provider").text = "vectortile"
    styles = SubElement(SubElement(root, "renderer", type="basic"), "styles")
    by_height = [(-dimension_of(kind), layer.zooms[0], layer) for layer in base.layers for kind in kinds_of(layer)]
    for below, _, layer in sorted(by_height, key=lambda entry: entry[:2]):
        kind = f"_geom_type = '{_KINDS[-below]}'"  # else marks would be drawn in the middle of areas too
        for code, coded in _codes(layer):
            chosen = f"{kind} AND ({coded})" if coded else kind
            drawn = SubElement(
                styles,
                "style",
                {"name": layer.id, "layer": layer.id, "geometry": str(-below), "enabled": "1"},
                expression=chosen,
            )
            drawn.attrib |= {"min-zoom": str(layer.zooms[0]), "max-zoom": "-1"}
            write_symbol(SubElement(drawn, "symbols"), "0", layer.style, code, -below)


def write_tree_base(parent: Element, base: BaseMap) -> None:
    """Write the base map into the tree of a project, below everything, to be switched on."""
    SubElement(
        parent,
        "layer-tree-layer",
        id=BASE_MAP,
        name=_TITLE,
        source=base.source,
        providerKey="vectortile",
        checked="Qt::Unchecked",
        expanded="0",
    )


def _codes(layer: Layer) -> Iterator[tuple[str | None, str]]:
    """The codes that a layer is drawn by, light ones first, and which features have each; None and all the others."""
    style = layer.style
    if style.by is None:
        yield None, ""
        return
    field = quote_name(style.by)
    codes = sorted((str(code.value) for code in layer.schema[style.by].codes), key=lambda c: style.weights.get(c, 1))
    yield None, f"{field} IS NULL OR {field} NOT IN ({', '.join(map(quote_text, codes))})"
    for code in codes:
        yield code, f"{field} = {quote_text(code)}"
