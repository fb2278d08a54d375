"""Topics that somebody has to look at, as files of the BIM Collaboration Format."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, BBox, crs_label, metric_plane, reproject

Edition = Literal["2.1", "3.0"]

#: Who topics are from, and where their components are at home.
SYSTEM = "county-twin"
#: Whoever has a topic can look it up again by the same name.
_NAMESPACE = uuid5(NAMESPACE_URL, "urn:county-twin:topics")

#: Looking down from the south-west, as steeply as far.
_LOOK = np.array([1.0, 1.0, -np.sqrt(2)]) / 2
_UP = np.array([1.0, 1.0, np.sqrt(2)]) / 2
_FIELD_DEG, _ASPECT = 60.0, 4 / 3
_OF_MODEL = "of the model 模型坐标"
_SNAPSHOT, _VIEWPOINT = "snapshot.png", "viewpoint.bcfv"


@dataclass(frozen=True, kw_only=True, eq=False)
class Topic:
    """Something to be looked at, decided or mended.

    Parameters
    ----------
    id
        See `topic_id`; a folder of the file has its name.
    title, description
        What is to be read.
    kind, status, priority, labels
        By what lists of topics are sorted and filtered.
    components
        The features that it is about: layer and key.
    guids
        The elements of a building model that it is about: GlobalIds.
    place
        The point, in the storage CRS or in metres of a model; z is a height in metres.
    away_m
        How far off somebody stands who looks at it.
    snapshot
        Makes a picture of it (PNG).
    """

    id: UUID
    title: str
    description: str
    kind: str
    status: str = "Open"
    priority: str = "Normal"
    labels: tuple[str, ...] = ()
    components: tuple[tuple[str, str], ...]
    guids: tuple[str, ...] = ()
    place: BaseGeometry
    away_m: float = 10.0
    snapshot: Callable[[], bytes] | None = None


def topic_id(*names: str) -> UUID:
    """The identifier of a topic by what it is about: the same whenever it is found again."""
    return uuid5(_NAMESPACE, "\n".join(names))


def write_bcf(topics: Sequence[Topic], crs: CRS | None, *, edition: Edition, project: str, at: datetime) -> bytes:
    """Write topics as a BCF file.

    Cameras stand in metres of the storage CRS, x east, y north, z the height; where that is in degrees, of a plane
    about the topics. Each description ends with its name.

    Parameters
    ----------
    topics
        What to write.
    crs
        The storage CRS; None where places are in metres of a building model.
    edition
        2.1 (``.bcfzip``) or 3.0 (``.bcf``).
    project
        What the topics belong to.
    at
        When they were found.

    References
    ----------
    buildingSMART, BCF-XML 2.1 and 3.0: markup.xsd, visinfo.xsd, project.xsd, extensions.xsd, version.xsd.
    """
    places = np.array([topic.place for topic in topics], dtype=object)
    named = _OF_MODEL
    if crs is not None:
        plane = metric_plane(crs, BBox.around(places)) if topics else crs
        places, named = reproject(places, crs, plane), crs_label(plane)
    put = _Archive(at)
    put.xml("bcf.version", ET.Element("Version", VersionId=edition))
    if edition == "3.0":
        put.xml("project.bcfp", _project("ProjectInfo", project))
        put.xml("extensions.xml", _extensions(topics))
    else:
        info = _project("ProjectExtension", project)
        ET.SubElement(info, "ExtensionSchema")
        put.xml("project.bcfp", info)
    for topic, place in zip(topics, shapely.get_coordinates(places, include_z=True), strict=True):
        picture = topic.snapshot() if topic.snapshot else None
        put.xml(f"{topic.id}/markup.bcf", _markup(topic, edition, at, named, pictured=picture is not None))
        put.xml(f"{topic.id}/{_VIEWPOINT}", _viewpoint(topic, np.nan_to_num(place), edition))
        if picture is not None:
            put.file(f"{topic.id}/{_SNAPSHOT}", picture)
    return put.close()


class _Archive:
    """A zip file that grows in memory; the same content at the same instant gives the same bytes."""

    def __init__(self, at: datetime) -> None:
        self._buffer = BytesIO()
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_DEFLATED)
        self._date = at.astimezone(UTC).timetuple()[:6]

    def xml(self, name: str, root: ET.Element) -> None:
        self.file(name, ET.tostring(root, encoding="utf-8", xml_declaration=True))

    def file(self, name: str, content: bytes) -> None:
        entry = zipfile.ZipInfo(name, date_time=self._date)
        entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
        self._zip.writestr(entry, content)

    def close(self) -> bytes:
        self._zip.close()
        return self._buffer.getvalue()


def _project(tag: str, name: str) -> ET.Element:
    root = ET.Element(tag)
    _put(ET.SubElement(root, "Project", ProjectId=str(topic_id(name))), Name=name)
    return root


def _extensions(topics: Iterable[Topic]) -> ET.Element:
    """Everything that topics may say in the fields that have lists of values."""
    said: dict[tuple[str, str], list[str]] = {
        ("TopicTypes", "TopicType"): [topic.kind for topic in topics],
        ("TopicStatuses", "TopicStatus"): [topic.status for topic in topics],
        ("Priorities", "Priority"): [topic.priority for topic in topics],
        ("TopicLabels", "TopicLabel"): [label for topic in topics for label in topic.labels],
        ("Users", "User"): [SYSTEM],
    }
    root = ET.Element("Extensions")
    for (group, tag), values in said.items():
        part = ET.SubElement(root, group)
        for value in sorted(set(values)):
            ET.SubElement(part, tag).text = value
    return root


def _markup(topic: Topic, edition: Edition, at: datetime, crs: str, *, pictured: bool) -> ET.Element:
    root = ET.Element("Markup")
    told = ET.SubElement(root, "Topic", Guid=str(topic.id), TopicType=topic.kind, TopicStatus=topic.status)
    _put(told, Title=topic.title, Priority=topic.priority)
    if edition == "2.1":
        for label in topic.labels:
            _put(told, Labels=label)
    elif topic.labels:
        labels = ET.SubElement(told, "Labels")
        for label in topic.labels:
            _put(labels, Label=label)
    _put(
        told,
        CreationDate=at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        CreationAuthor=SYSTEM,
        Description=f"{topic.description}\nCoordinates 坐标系: {crs}, m",
    )
    # Of edition 3 viewpoints stand in the topic, of edition 2 behind it.
    within = ET.SubElement(told, "Viewpoints") if edition == "3.0" else root
    view = ET.SubElement(within, "ViewPoint" if edition == "3.0" else "Viewpoints", Guid=str(_view_id(topic)))
    _put(view, Viewpoint=_VIEWPOINT)
    if pictured:
        _put(view, Snapshot=_SNAPSHOT)
    return root


def _viewpoint(topic: Topic, place: npt.NDArray[np.float64], edition: Edition) -> ET.Element:
    root = ET.Element("VisualizationInfo", Guid=str(_view_id(topic)))
    components = ET.SubElement(root, "Components")
    # Of edition 2 a selection has something in it.
    selection = ET.SubElement(components, "Selection") if topic.guids or topic.components else components
    for guid in topic.guids:
        ET.SubElement(selection, "Component", IfcGuid=guid)
    for layer, key in topic.components:
        _put(
            ET.SubElement(selection, "Component"),
            OriginatingSystem=SYSTEM,
            AuthoringToolId=f"{layer}/{key}",
        )
    ET.SubElement(components, "Visibility", DefaultVisibility="true")
    camera = ET.SubElement(root, "PerspectiveCamera")
    for tag, vector in (
        ("CameraViewPoint", place - topic.away_m * _LOOK),
        ("CameraDirection", _LOOK),
        ("CameraUpVector", _UP),
    ):
        x, y, z = (f"{value:.6f}" for value in vector)
        _put(ET.SubElement(camera, tag), X=x, Y=y, Z=z)
    _put(camera, FieldOfView=f"{_FIELD_DEG:g}")
    if edition == "3.0":
        _put(camera, AspectRatio=f"{_ASPECT:.6f}")
    return root


def _view_id(topic: Topic) -> UUID:
    return uuid5(topic.id, _VIEWPOINT)


def _put(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text
