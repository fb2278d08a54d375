"""Labels: the names of features in QGIS, in letters that have Chinese."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from twin.layer import Layer
from twin.looks import HALO, INK, NAME_INK, NAMES_LAST, mix_colors, name_size_px
from twin.qgis.expressions import POINT_PER_PX, by_code, quote_text, scale_at
from twin.qgis.options import write_expressions
from twin.qgis.symbols import paint

#: Fonts with Chinese letters of Linux, Windows and macOS; QGIS takes the first that the computer has.
_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "SimHei",
)
#: Where names stand, among the ways that QGIS has: around a point, along a line, horizontally in an area.
_PLACES = ("6", "3", "4")
_HALO_MM = 0.37
#: How far apart a name is repeated along a line.
_REPEAT_MM = 80


def write_labels(parent: Element, layer: Layer, dimension: int) -> None:
    """Write how the names of the points (0), lines (1) or areas (2) of a layer are drawn, where they have some."""
    style = layer.style
    if style.label is None:
        return
    labeling = SubElement(parent, "labeling", type="simple")
    settings = SubElement(labeling, "settings")
    text = SubElement(
        settings,
        "text-style",
        fieldName=style.label,
        fontFamily=_FONTS[0],
        fontSize=f"{name_size_px(1) * POINT_PER_PX:g}",
        fontSizeUnit="Point",
        textColor=paint(mix_colors(style.color, INK, NAME_INK), 1),
        textOpacity="1",
    )
    families = SubElement(text, "families")
    for font in _FONTS:
        SubElement(families, "family", name=font)
    SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize=str(_HALO_MM), bufferSizeUnits="MM", bufferColor=paint(HALO, 1)
    )
    placement = SubElement(settings, "placement", placement=_PLACES[dimension], dist="1", distUnits="MM")
    if dimension == 1:  # on the line, so that it is read from left to right
        placement.attrib |= {"placementFlags": "9", "repeatDistance": str(_REPEAT_MM), "repeatDistanceUnits": "MM"}
    first = min(style.labelled_from(weight) for weight in (1.0, *style.weights.values()))
    scales = {"scaleVisibility": "1", "scaleMin": "0", "scaleMax": str(scale_at(first))}
    # Names may cover features, and the pieces of a road are named as one.
    SubElement(settings, "rendering", scales, drawLabels="1", obstacle="0", mergeLines="1")
    write_expressions(settings, "dd_properties", _by_code(layer, dimension))


def _by_code(layer: Layer, dimension: int) -> dict[str, str]:
    """What differs from code to code: sizes, colours, and the scales at which there are names."""
    style = layer.style

    def weight(code: str | None) -> float:
        return style.weights.get(code or "", 1.0)

    def shown(code: str | None) -> str:
        first = style.labelled_from(weight(code))
        since = f"@map_scale <= {scale_at(first)}"
        return f"{since} AND @map_scale > {scale_at(first + NAMES_LAST)}" if dimension == 2 else since

    def color(code: str | None) -> str:
        return quote_text(mix_colors(style.colors.get(code or "", style.color), INK, NAME_INK))

    said = {"Color": by_code(style, color)} if style.colors else {}
    if style.weights:
        said["Show"] = by_code(style, shown)
        said["Size"] = by_code(style, lambda code: f"{name_size_px(weight(code)) * POINT_PER_PX:g}")
    return said
