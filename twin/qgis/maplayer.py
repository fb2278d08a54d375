"""A layer in a project of QGIS: where its features come from, what it is called, how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from twin.layer import GeometryType, Layer, dimension_of
from twin.parts import KINDS
from twin.qgis.qml import write_looks
from twin.qgis.sources import Source
from twin.qgis.systems import write_crs


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """The features of a layer that have a geometry type.

    Parameters
    ----------
    layer
        What they are.
    kind
        Their geometry type.
    source
        Where QGIS takes them from.
    overlay
        Whether it lies above all others, waits to be switched on, and cannot be edited: evidence.
    """

    layer: Layer
    kind: GeometryType
    source: Source
    overlay: bool = False

    @property
    def id(self) -> str:
        """What the project knows it by; QGIS does not believe ids of ten letters and fewer."""
        return f"twin_{self.layer.id}_{self.kind.lower()}"

    @property
    def title(self) -> str:
        """Its Chinese title."""
        *_, beside = KINDS[self.dimension]
        return self.layer.title_zh + ("" if self.kind == self.layer.geometry else f"（{beside}）")

    @property
    def dimension(self) -> int:
        """0 for points, 1 for lines, 2 for areas."""
        return dimension_of(self.kind)

    @property
    def height(self) -> tuple[bool, int, int]:
        """Where it lies on the map, as on web maps: areas lowest, and lower what is seen from farther."""
        return self.overlay, -self.dimension, self.layer.zooms[0]


def write_map_layer(parent: Element, drawn: MapLayer) -> None:
    """Write a layer into a project."""
    layer = drawn.layer
    root = SubElement(parent, "maplayer", type="vector", readOnly="1" if drawn.overlay else "0")
    SubElement(root, "id").text = drawn.id
    SubElement(root, "datasource").text = drawn.source.address
    SubElement(root, "layername").text = drawn.title
    write_crs(SubElement(root, "srs"), drawn.source.crs)
    said = SubElement(root, "resourceMetadata")
    SubElement(said, "title").text = f"{layer.title} {layer.title_zh}"
    SubElement(said, "abstract").text = f"{layer.title}. {layer.about}"
    SubElement(root, "provider", encoding="UTF-8").text = drawn.source.provider
    write_looks(root, layer, drawn.dimension)


def write_tree_layer(parent: Element, drawn: MapLayer) -> None:
    """Write a layer into the tree of a project."""
    SubElement(
        parent,
        "layer-tree-layer",
        id=drawn.id,
        name=drawn.title,
        source=drawn.source.address,
        providerKey=drawn.source.provider,
        checked="Qt::Unchecked" if drawn.overlay else "Qt::Checked",
        expanded="0",
    )
