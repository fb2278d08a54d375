"""A project of QGIS: layers in groups, where the map is, at which scales; written without QGIS.

Written for QGIS 3.22 and later; what a project does not say, QGIS takes as in a new one.

References
----------
QGIS documentation, appendix "QGIS File Formats": "QGS/QGZ - The QGIS Project File Format".
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from twin.crs import CRS, BBox
from twin.looks import PAPER
from twin.qgis.basemap import BASE_MAP, BaseMap, write_base_map, write_tree_base
from twin.qgis.maplayer import MapLayer, write_map_layer, write_tree_layer
from twin.qgis.sources import OLDEST, QgisVersion
from twin.qgis.systems import write_crs

#: Scales of China's maps, from the plan of a street to the map of a province (GB/T 13989, GB/T 20257).
SCALES = (500, 1000, 2000, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
#: That of CGCS2000, on which the twin reckons areas too.
_ELLIPSOID = "EPSG:1024"
#: What QGIS calls the sides of a box.
_SIDES = ("xmin", "ymin", "xmax", "ymax")
#: Every project has the same moment in its archive, so that the same project is the same bytes.
_MOMENT = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a project shows.

    Parameters
    ----------
    title, about
        What people read.
    crs
        The CRS of the map: the storage CRS.
    extent
        What it shows at first, in that CRS; None where there is nothing yet.
    layers
        In the order of the list; those of a group stand together.
    base
        The base map, where a service gives one.
    qgis
        The oldest version of QGIS that reads it as it is meant; older ones warn whoever opens it.
    """

    title: str
    about: str
    crs: CRS
    extent: BBox | None
    layers: tuple[MapLayer, ...]
    base: BaseMap | None = None
    qgis: QgisVersion = OLDEST


def pack_project(project: Project, name: str, attachments: Mapping[str, bytes] | None = None) -> bytes:
    """Pack a project as ``.qgz``.

    Parameters
    ----------
    project
        The project.
    name
        What its file is called inside, without a suffix.
    attachments
        Files packed with it, by the names that its sources have after ``attachment:``.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member, content in {f"{name}.qgs": write_project(project).encode(), **(attachments or {})}.items():
            archive.writestr(zipfile.ZipInfo(member, _MOMENT), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def write_project(project: Project) -> str:
    """Write a project as ``.qgs``."""
    root = Element("qgis", version=f"{project.qgis}.0", projectname=project.title)
    SubElement(root, "title").text = project.title
    write_crs(SubElement(root, "projectCrs"), project.crs)
    _write_tree(root, project)
    if project.extent is not None:
        _write_canvas(root, project.crs, project.extent)
    layers = SubElement(root, "projectlayers")
    for drawn in project.layers:
        write_map_layer(layers, drawn)
    if project.base is not None:
        write_base_map(layers, project.base)
    _write_properties(root)
    said = SubElement(root, "projectMetadata")
    SubElement(said, "title").text = project.title
    SubElement(said, "abstract").text = project.about
    _write_view(root, project)
    indent(root)
    return tostring(root, encoding="unicode")


def _write_tree(parent: Element, project: Project) -> None:
    """Write the list of layers by groups, and which lies over which."""
    tree = SubElement(parent, "layer-tree-group")
    groups: dict[tuple[str, str], Element] = {}
    for drawn in project.layers:
        titles = drawn.layer.group
        if titles not in groups:
            name = f"{titles[1]} {titles[0]}"
            groups[titles] = SubElement(tree, "layer-tree-group", name=name, expanded="1", checked="Qt::Checked")
        write_tree_layer(groups[titles], drawn)
    if project.base is not None:
        write_tree_base(tree, project.base)
    order = SubElement(tree, "custom-order", enabled="1")
    for drawn in sorted(project.layers, key=lambda drawn: drawn.height, reverse=True):
        SubElement(order, "item").text = drawn.id
    if project.base is not None:
        SubElement(order, "item").text = BASE_MAP


def _write_canvas(parent: Element, crs: CRS, extent: BBox) -> None:
    """Write what the window shows at first."""
    canvas = SubElement(parent, "mapcanvas", name="theMapCanvas")
    SubElement(canvas, "units").text = "degrees" if crs.is_geographic else "meters"
    box = SubElement(canvas, "extent")
    for name, value in zip(_SIDES, extent, strict=True):
        SubElement(box, name).text = repr(value)
    write_crs(SubElement(canvas, "destinationsrs"), crs)


def _write_properties(parent: Element) -> None:
    """Write that the project has a CRS, how it measures, on which paper, and that files are found from where it is."""
    properties = SubElement(parent, "properties")
    SubElement(SubElement(properties, "Measure"), "Ellipsoid", type="QString").text = _ELLIPSOID
    units = SubElement(properties, "Measurement")
    SubElement(units, "DistanceUnits", type="QString").text = "meters"
    SubElement(units, "AreaUnits", type="QString").text = "m2"
    SubElement(SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", type="int").text = "1"
    paper = SubElement(properties, "Gui")
    for name, at in (("Red", 1), ("Green", 3), ("Blue", 5)):
        SubElement(paper, f"CanvasColor{name}Part", type="int").text = str(int(PAPER[at : at + 2], 16))
    SubElement(SubElement(properties, "Paths"), "Absolute", type="bool").text = "false"


def _write_view(parent: Element, project: Project) -> None:
    """Write the scales to choose from, and what the whole map is."""
    view = SubElement(parent, "ProjectViewSettings", UseProjectScales="1")
    scales = SubElement(view, "Scales")
    for scale in SCALES:
        SubElement(scales, "Scale", Value=str(scale))
    if project.extent is not None:
        sides = dict(zip(_SIDES, map(repr, project.extent), strict=True))
        for name in ("DefaultViewExtent", "PresetFullExtent"):
            write_crs(SubElement(view, name, sides), project.crs)
