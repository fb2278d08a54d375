"""QML, the styles of QGIS: how a layer looks and how its forms are filled in, derived from the layer.

Written for QGIS 3.22 and later; what a style does not say, QGIS takes as in a new layer.

References
----------
QGIS documentation, appendix "QGIS File Formats": "QML - The QGIS Style File Format".
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from twin.layer import Layer
from twin.qgis.expressions import scale_at
from twin.qgis.forms import write_forms
from twin.qgis.labels import write_labels
from twin.qgis.symbols import write_renderer

#: What QGIS calls what has 0, 1 or 2 dimensions.
_KINDS = ("Point", "Line", "Polygon")


@dataclass(frozen=True, kw_only=True)
class LayerStyle:
    """A style as tables called ``layer_styles`` keep it.

    Parameters
    ----------
    name, about
        What people choose it by.
    kind
        What it is for: ``Point``, ``Line`` or ``Polygon``.
    qml
        The style.
    """

    name: str
    about: str
    kind: str
    qml: str


def derive_styles(layer: Layer) -> list[LayerStyle]:
    """Write the styles of a layer: that of its features, and one for points where it has some besides."""
    names = {layer.dimension: "Standard 标准"}
    if "Point" in layer.also:
        names[0] = "Standard, points 标准（点）"
    about = f"{layer.title} {layer.title_zh}"
    return [
        LayerStyle(name=name, about=about, kind=_KINDS[dimension], qml=write_qml(layer, dimension))
        for dimension, name in names.items()
    ]


def write_qml(layer: Layer, dimension: int) -> str:
    """Write the style of the points (0), lines (1) or areas (2) of a layer."""
    root = Element("qgis", version="3.22.0")
    write_looks(root, layer, dimension)
    SubElement(root, "layerGeometryType").text = str(dimension)
    indent(root)
    return tostring(root, encoding="unicode")


def write_looks(parent: Element, layer: Layer, dimension: int) -> None:
    """Write into a style, or into the layer of a project, what a style says of a layer's points, lines or areas."""
    parent.attrib |= {
        "styleCategories": "AllStyleCategories",
        "hasScaleBasedVisibilityFlag": "1",
        "minScale": str(scale_at(layer.zooms[0])),
        "maxScale": "0",
        "labelsEnabled": "0" if layer.style.label is None else "1",
    }
    write_renderer(parent, layer, dimension)
    write_labels(parent, layer, dimension)
    write_forms(parent, layer)
