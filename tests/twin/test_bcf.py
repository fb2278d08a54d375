"""Topics as BCF, read back by the client of IfcOpenShell, whose classes are made from the published schemas."""

from __future__ import annotations

import math
import struct
import xml.etree.ElementTree as ET
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import bcf.v2.bcfxml
import bcf.v3.bcfxml
import numpy as np
import pytest
import shapely
from bcf.xml_parser import XmlParserSerializer
from lxml import etree

from twin.bcf import Topic, topic_id, write_bcf
from twin.crs import parse_crs
from twin.paper import Paper

AT = datetime(2022, 6, 30, 4, 5, 6, tzinfo=UTC)
READERS = {"2.1": bcf.v2.bcfxml.BcfXml, "3.0": bcf.v3.bcfxml.BcfXml}
MODELS = {"2.1": bcf.v2.model, "3.0": bcf.v3.model}
SCHEMAS = Path(__file__).parents[1] / "vendor" / "bcf"
#: The schema of each kind of file, by its name in the archive.
XSD = {"bcf.version": "version", "project.bcfp": "project", "extensions.xml": "extensions"}
XSD |= {"markup.bcf": "markup", "viewpoint.bcfv": "visinfo"}
PLACE = (500_010.0, 3_900_020.0, 98.5)


def make_topic(**values):
    given = {
        "id": topic_id("CLASH", "w1", "g1"),
        "title": "Clash 碰撞: w1 – g1",
        "description": "They share room & more.",
        "kind": "Clash",
        "priority": "Critical",
        "labels": ("CLASH", "JS"),
        "components": (("pipe_segments", "w1"), ("pipe_segments", "g1")),
        "place": shapely.Point(PLACE),
        "snapshot": lambda: Paper(40, 30, title="place").png(dpi=50),
    }
    return Topic(**given | values)


@pytest.fixture(params=["2.1", "3.0"])
def edition(request):
    return request.param


@pytest.fixture
def read(edition, tmp_path):
    def read(*topics, crs="EPSG:4548"):
        path = tmp_path / "topics.bcf"
        path.write_bytes(write_bcf(topics, parse_crs(crs), edition=edition, project="Pipes 管线", at=AT))
        return READERS[edition](path)

    return read


def test_a_topic_says_what_where_and_about_which_features(read, edition):
    book = read(make_topic())
    assert (book.version.version_id, book.project.name) == (edition, "Pipes 管线")
    ((guid, handler),) = book.topics.items()
    topic = handler.topic
    assert guid == topic.guid == str(topic_id("CLASH", "w1", "g1"))
    assert (topic.title, topic.topic_type, topic.topic_status) == ("Clash 碰撞: w1 – g1", "Clash", "Open")
    labels = topic.labels if edition == "2.1" else topic.labels.label
    assert (topic.priority, [*labels]) == ("Critical", ["CLASH", "JS"])
    assert topic.description == "They share room & more.\nCoordinates 坐标系: EPSG:4548, m"
    assert topic.creation_date.to_datetime() == AT
    ((_, view),) = handler.viewpoints.items()
    about = [
        (each.originating_system, each.authoring_tool_id)
        for each in view.visualization_info.components.selection.component
    ]
    assert about == [("county-twin", "pipe_segments/w1"), ("county-twin", "pipe_segments/g1")]
    assert struct.unpack(">II", view.snapshot[16:24]) == (79, 59)  # 40 by 30 mm at 50 dots per inch


def test_the_camera_looks_at_the_place(read):
    book = read(make_topic(away_m=8.0))
    ((_, handler),) = book.topics.items()
    ((_, view),) = handler.viewpoints.items()
    camera = view.visualization_info.perspective_camera
    eye, look, up = (
        np.array([vector.x, vector.y, vector.z])
        for vector in (camera.camera_view_point, camera.camera_direction, camera.camera_up_vector)
    )
    assert eye + 8 * look == pytest.approx(np.array(PLACE), abs=1e-5)
    assert (look @ look, up @ up, look @ up) == pytest.approx((1, 1, 0), abs=1e-5)
    assert (look[2] < 0, up[2] > 0) == (True, True)
    assert math.degrees(math.asin(-look[2])) == pytest.approx(45, abs=1e-3)


def test_every_file_holds_what_its_schema_allows_and_nothing_else(edition, tmp_path):
    content = write_bcf(
        [make_topic(), make_topic(id=topic_id("b"), labels=(), snapshot=None)],
        parse_crs("EPSG:4548"),
        edition=edition,
        project="Pipes",
        at=AT,
    )
    model = MODELS[edition]
    classes = {"bcf.version": model.Version, "markup.bcf": model.Markup, "viewpoint.bcfv": model.VisualizationInfo}
    classes["project.bcfp"] = model.ProjectInfo if edition == "3.0" else model.ProjectExtension
    if edition == "3.0":
        classes["extensions.xml"] = model.Extensions
    reader, seen = XmlParserSerializer(), set()
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            kind = name.rpartition("/")[2]
            if kind in classes:
                ours = archive.read(name)
                theirs = reader.serialize(reader.parse(ours, classes[kind]))  # whatever it does not know would be lost
                assert plain(ours) == plain(theirs)
                seen.add(kind)
    assert seen == set(classes)
    with pytest.raises(Exception, match="Unknown property"):
        reader.parse(b"<Markup><Topic Guid='x'><Title>t</Title><Colour/></Topic></Markup>", model.Markup)


def judge(kind, document, edition):
    """What the schemas of buildingSMART say against a file."""
    schema = etree.XMLSchema(etree.parse(SCHEMAS / edition / f"{XSD[kind]}.xsd"))
    schema.validate(etree.fromstring(document))
    return [f"{kind}: {each.message}" for each in schema.error_log]


def test_every_file_is_valid_by_the_schemas_of_building_smart(edition):
    elements = make_topic(id=topic_id("b"), labels=(), snapshot=None, components=(), guids=("2O2Fr$t4X7Zf8NOew3FNr2",))
    topics = [make_topic(), elements, make_topic(id=topic_id("c"), components=())]
    content = write_bcf(topics, parse_crs("EPSG:4548"), edition=edition, project="Pipes 管线", at=AT)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".png")}
    kinds = {name: name.rpartition("/")[2] for name in files}
    assert set(kinds.values()) == XSD.keys() - ({"extensions.xml"} if edition == "2.1" else set())
    assert [said for name, document in files.items() for said in judge(kinds[name], document, edition)] == []
    markup = next(document for name, document in files.items() if kinds[name] == "markup.bcf")
    (said,) = judge("markup.bcf", markup.replace(b"CreationAuthor>", b"Author>"), edition)
    assert "Element 'Author': This element is not expected" in said


def plain(document):
    """The elements, attributes and texts of a document in their order; numbers as numbers."""
    return [(each.tag, dict(each.attrib), number((each.text or "").strip())) for each in ET.fromstring(document).iter()]


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def test_the_fields_with_lists_are_told_before_they_are_used(tmp_path):
    path = tmp_path / "topics.bcf"
    topics = [make_topic(), make_topic(id=topic_id("b"), kind="Clearance", priority="Normal", labels=("CLR-H",))]
    path.write_bytes(write_bcf(topics, parse_crs("EPSG:4548"), edition="3.0", project="Pipes", at=AT))
    lists = bcf.v3.bcfxml.BcfXml(path).extensions
    assert lists.topic_types.topic_type == ["Clash", "Clearance"]
    assert lists.topic_labels.topic_label == ["CLASH", "CLR-H", "JS"]
    assert lists.priorities.priority == ["Critical", "Normal"]
    assert (lists.topic_statuses.topic_status, lists.users.user) == (["Open"], ["county-twin"])


def test_of_a_store_in_degrees_cameras_stand_in_metres_of_a_named_plane(read):
    topic = make_topic(place=shapely.Point(118.4655, 35.5505, 120.0))
    book = read(topic, crs="EPSG:4490")
    ((_, handler),) = book.topics.items()
    ((_, view),) = handler.viewpoints.items()
    eye = view.visualization_info.perspective_camera.camera_view_point
    assert eye.z == pytest.approx(120 + 10 * math.sqrt(0.5), abs=1e-4)
    assert abs(eye.x) > 1000
    assert "EPSG:4490" not in handler.topic.description


def test_no_topics_are_a_file_too_and_the_same_ones_the_same_bytes(read, edition):
    assert read().topics == {}
    crs = parse_crs("EPSG:4548")
    first, second = (write_bcf([make_topic()], crs, edition=edition, project="Pipes", at=AT) for _ in range(2))
    assert first == second
