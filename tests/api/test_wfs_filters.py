"""Filters of FES 2.0: each operator finds what it says among five parcels; XML that attacks is refused."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
import shapely

from tests_transforms import find_transformer

FES = 'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'
GML_ID = "{http://www.opengis.net/gml/3.2}id"
MEMBER = "{http://www.opengis.net/wfs/2.0}member"
LIKE = ' wildCard="*" singleChar="#" escapeChar="!"'
BASE = {"service": "WFS", "version": "2.0.0", "request": "GetFeature", "typeNames": "twin:parcels"}
P5 = "P_x002F_5_x0020_东"


def answer_to(client, condition, **values):
    return client.get("/wfs", params=BASE | {"filter": f"<fes:Filter {FES}>{condition}</fes:Filter>"} | values)


def found(client, condition):
    answer = answer_to(client, condition)
    assert answer.status_code == 200, answer.text
    members = ET.fromstring(answer.content).findall(MEMBER)
    return [member[0].get(GML_ID).removeprefix("parcels.") for member in members]


def compare(operator, name, value, attributes=""):
    return (
        f"<fes:{operator}{attributes}><fes:ValueReference>{name}</fes:ValueReference>"
        f"<fes:Literal>{value}</fes:Literal></fes:{operator}>"
    )


@pytest.mark.parametrize(
    ("condition", "keys"),
    [
        (compare("PropertyIsEqualTo", "twin:use", "homes"), ["P1", "P2"]),
        (compare("PropertyIsEqualTo", "use", "HOMES"), []),
        (compare("PropertyIsEqualTo", "use", "HOMES", ' matchCase="false"'), ["P1", "P2"]),
        (compare("PropertyIsEqualTo", "floors", "6", ' matchCase="false"'), ["P1"]),
        (compare("PropertyIsNotEqualTo", "use", "homes"), ["P3"]),
        (compare("PropertyIsLessThan", "twin:parcels/twin:floors", "6"), [P5, "P3"]),
        (compare("PropertyIsLessThanOrEqualTo", "floors", "6"), [P5, "P1", "P3"]),
        (compare("PropertyIsGreaterThan", "height_m", "18.5"), ["P2"]),
        (compare("PropertyIsGreaterThanOrEqualTo", "height_m", "18.5"), ["P1", "P2"]),
        (compare("PropertyIsGreaterThan", "built", "2004-01-01"), [P5]),
        (compare("PropertyIsGreaterThan", "built", "2003-12-31T00:00:00"), [P5, "P2"]),
        (compare("PropertyIsEqualTo", "inhabited", "true"), [P5, "P1", "P2"]),
        (compare("PropertyIsEqualTo", "@gml:id", "P3"), ["P3"]),
        (compare("PropertyIsLike", "name", "T*", LIKE), ["P2", "P3"]),
        (compare("PropertyIsLike", "name", "T#o", LIKE), ["P2"]),
        (compare("PropertyIsLike", "name", "T!#o", LIKE), []),
        (compare("PropertyIsLike", "name", "t%o", f'{LIKE} matchCase="false"'), []),
        (
            compare("PropertyIsLike", "name", "t*O", f'{LIKE} matchCase="false"'),
            ["P2"],
        ),
        ("<fes:PropertyIsNull><fes:ValueReference>use</fes:ValueReference></fes:PropertyIsNull>", [P5]),
        ("<fes:PropertyIsNil><fes:ValueReference>use</fes:ValueReference></fes:PropertyIsNil>", [P5]),
        (
            (
                "<fes:PropertyIsBetween><fes:ValueReference>floors</fes:ValueReference>"
                "<fes:LowerBoundary><fes:Literal>2</fes:Literal></fes:LowerBoundary>"
                "<fes:UpperBoundary><fes:Literal>6</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>"
            ),
            [P5, "P1"],
        ),
        (
            (
                "<fes:PropertyIsEqualTo><fes:Function name='length'><fes:ValueReference>name</fes:ValueReference>"
                "</fes:Function><fes:Literal>3</fes:Literal></fes:PropertyIsEqualTo>"
            ),
            ["P1", "P2"],
        ),
        (f"<fes:ResourceId rid='parcels.P3'/><fes:ResourceId rid='parcels.{P5}'/>", [P5, "P3"]),
        ("<fes:ResourceId rid='wells.W1'/>", []),
    ],
)
def test_a_condition_on_values_finds_what_it_says(client, condition, keys):
    assert found(client, condition) == keys


def test_conditions_are_joined_and_turned_round(client):
    homes, tall = compare("PropertyIsEqualTo", "use", "homes"), compare("PropertyIsGreaterThan", "floors", "6")
    assert found(client, f"<fes:And>{homes}{tall}</fes:And>") == ["P2"]
    assert found(client, f"<fes:Or>{compare('PropertyIsEqualTo', 'use', 'park')}{tall}</fes:Or>") == ["P2", "P3"]
    assert found(client, f"<fes:And>{homes}<fes:Not>{tall}</fes:Not></fes:And>") == ["P1"]


PLACE = "<fes:ValueReference>geometry</fes:ValueReference>"


def area(store, west, south, east, north, code="EPSG::4490", *, north_first=True):
    """A polygon around a box of the storage CRS, as a client writes it."""
    way = find_transformer(store.crs, code.replace("::", ":").replace("1.3:", "")).transform
    corners = [way(x, y) for x, y in ((west, south), (east, south), (east, north), (west, north), (west, south))]
    numbers = " ".join(f"{y} {x}" if north_first else f"{x} {y}" for x, y in corners)
    return (
        f'<gml:Polygon gml:id="a" srsName="urn:ogc:def:crs:{code}"><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{numbers}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )


@pytest.mark.parametrize("code", ["EPSG::4490", "EPSG::4548", "OGC:1.3:CRS84"])
@pytest.mark.parametrize(
    ("operator", "keys"),
    [
        ("Intersects", ["P1", "P2"]),
        ("Within", ["P2"]),
        ("Overlaps", ["P1"]),
        ("Disjoint", [P5, "P3"]),
        ("Contains", []),
        ("Equals", []),
        ("Touches", []),
        ("Crosses", []),
    ],
)
def test_a_condition_on_places_finds_what_it_says_in_each_crs(client, store, operator, keys, code):
    """The area cuts P1 (500 000 to 500 100 m) and holds P2 (501 000 to 501 100 m)."""
    shape = area(store, 500_050, 3_899_900, 501_500, 3_900_500, code, north_first=code.startswith("EPSG"))
    assert found(client, f"<fes:{operator}>{PLACE}{shape}</fes:{operator}>") == keys


@pytest.mark.parametrize("reference", [PLACE, "", "<fes:ValueReference>gml:boundedBy</fes:ValueReference>"])
def test_a_box_finds_what_shares_a_point_with_it(client, store, reference):
    way = find_transformer(store.crs, "EPSG:4490").transform
    (west, south), (east, north) = way(500_050, 3_899_900), way(501_050, 3_900_500)
    corners = f"<gml:lowerCorner>{south} {west}</gml:lowerCorner><gml:upperCorner>{north} {east}</gml:upperCorner>"
    box = f'<gml:Envelope srsName="urn:ogc:def:crs:EPSG::4490">{corners}</gml:Envelope>'
    assert found(client, f"<fes:BBOX>{reference}{box}</fes:BBOX>") == ["P1", "P2"]
    bare = f"<gml:Envelope>{corners}</gml:Envelope>"  # in the default CRS of the type
    assert found(client, f"<fes:BBOX>{reference}{bare}</fes:BBOX>") == ["P1", "P2"]


@pytest.mark.parametrize(
    "shape",
    [
        "<gml:Point{0}><gml:pos>{1}</gml:pos></gml:Point>",
        (
            "<gml:MultiPoint{0}><gml:pointMember><gml:Point><gml:pos>{1}</gml:pos></gml:Point></gml:pointMember>"
            "<gml:pointMember><gml:Point><gml:pos>0 0</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint>"
        ),
        "<gml:LineString{0}><gml:posList>{1} 35.0 118.0</gml:posList></gml:LineString>",
        (
            "<gml:Curve{0}><gml:segments><gml:LineStringSegment><gml:posList>{1} 35.0 118.0</gml:posList>"
            "</gml:LineStringSegment></gml:segments></gml:Curve>"
        ),
        (
            "<gml:MultiCurve{0}><gml:curveMember><gml:LineString><gml:pos>{1}</gml:pos><gml:pos>35 118</gml:pos>"
            "</gml:LineString></gml:curveMember></gml:MultiCurve>"
        ),
    ],
)
def test_points_and_lines_are_read_in_all_their_forms(client, store, shape):
    x, y = find_transformer(store.crs, "EPSG:4490").transform(502_050, 3_900_050)
    written = shape.format(' srsName="EPSG:4490"', f"{x} {y}").replace("35.0 118.0", "118.0 35.0")
    if "MultiPoint" in shape:
        written = written.replace("0 0", f"{x + 1} {y}")
    if "MultiCurve" in shape:
        written = written.replace("35 118", "118 35")
    assert found(client, f"<fes:Intersects>{PLACE}{written}</fes:Intersects>") == ["P3"]


def point(store, x, y, code="EPSG:4490"):
    lon, lat = find_transformer(store.crs, code).transform(x, y)
    return f'<gml:Point srsName="urn:ogc:def:crs:{code.replace(":", "::")}"><gml:pos>{lat} {lon}</gml:pos></gml:Point>'


@pytest.mark.parametrize("code", ["EPSG:4490", "EPSG:4548"])
@pytest.mark.parametrize(
    ("x", "distance", "keys"),
    [
        # 400 m east of P1, which ends at 500 100 m, and 500 m west of P2
        (500_500, '<fes:Distance uom="m">399.9</fes:Distance>', []),
        (500_500, '<fes:Distance uom="m">400.1</fes:Distance>', ["P1"]),
        (500_500, '<fes:Distance uom="http://www.opengis.net/def/uom/EPSG/0/9001">499.9</fes:Distance>', ["P1"]),
        (500_500, '<fes:Distance uom="km">0.5001</fes:Distance>', ["P1", "P2"]),
        (501_050, '<fes:Distance uom="urn:ogc:def:uom:UCUM::m">0</fes:Distance>', ["P2"]),
        (400_000, '<fes:Distance uom="m">99999.9</fes:Distance>', []),
        (400_000, '<fes:Distance uom="km">100.01</fes:Distance>', ["P1"]),
    ],
)
def test_a_condition_on_distances_finds_what_is_as_near_and_what_is_not(client, store, code, x, distance, keys):
    place = PLACE + point(store, x, 3_900_050, code) + distance
    assert found(client, f"<fes:DWithin>{place}</fes:DWithin>") == keys
    others = [key for key in (P5, "P1", "P2", "P3") if key not in keys]
    assert found(client, f"<fes:Beyond>{place}</fes:Beyond>") == others


def test_distances_from_lines_and_areas_are_those_of_shapely(client, store, parcels):
    """A line that goes by: the nearest point of it counts, corners are round."""
    west, east = (499_000, 3_900_400), (504_500, 3_902_000)
    line = shapely.LineString([west, east])
    to_degrees = find_transformer(store.crs, "EPSG:4490").transform
    steps = shapely.get_coordinates(shapely.segmentize(line, 50))  # a straight line in degrees is another one
    places = " ".join(f"{y} {x}" for x, y in (to_degrees(*step) for step in steps))
    written = (
        f'<gml:LineString srsName="urn:ogc:def:crs:EPSG::4490"><gml:posList>{places}</gml:posList></gml:LineString>'
    )
    distances = parcels.drop(index="P4").geometry.distance(line)
    for metres in (distances + 0.1, distances - 0.1):
        for limit in metres:
            wanted = sorted(distances.index[distances <= limit])
            place = f"{PLACE}{written}<fes:Distance uom='m'>{limit}</fes:Distance>"
            keys = found(client, f"<fes:DWithin>{place}</fes:DWithin>")
            assert sorted(key.replace(P5, "P/5 东") for key in keys) == wanted


def moment(text):
    return f'<gml:TimeInstant gml:id="t"><gml:timePosition>{text}</gml:timePosition></gml:TimeInstant>'


def period(begin, end):
    return (
        f'<gml:TimePeriod gml:id="t"><gml:beginPosition>{begin}</gml:beginPosition>'
        f"<gml:endPosition>{end}</gml:endPosition></gml:TimePeriod>"
    )


@pytest.mark.parametrize(
    ("operator", "time", "keys"),
    [
        ("After", moment("2024-02-29T00:00:00Z"), ["P1"]),
        ("Before", moment("2024-02-29T00:00:00Z"), []),
        ("TEquals", moment("2024-03-01T02:00:00Z"), ["P1"]),
        ("AnyInteracts", period("2024-01-01T00:00:00Z", "2024-12-31T00:00:00Z"), ["P1"]),
        ("AnyInteracts", period("2025-01-01T00:00:00Z", "2025-12-31T00:00:00Z"), []),
    ],
)
def test_a_condition_on_times_finds_what_it_says(client, operator, time, keys):
    written = f"<fes:{operator}><fes:ValueReference>checked_at</fes:ValueReference>{time}</fes:{operator}>"
    assert found(client, written) == keys


SOMEWHERE = f"{PLACE}<gml:Point><gml:pos>1 2</gml:pos></gml:Point>"
UPSIDE_DOWN = (
    "<gml:Envelope><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>0 0</gml:upperCorner></gml:Envelope>"
)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "<fes:PropertyIsSimilarTo/>",
        compare("PropertyIsEqualTo", "colour", "red"),
        compare("PropertyIsEqualTo", "floors", "many"),
        compare("PropertyIsEqualTo", "floors", "1") * 2,
        "<fes:PropertyIsEqualTo><fes:ValueReference>floors</fes:ValueReference></fes:PropertyIsEqualTo>",
        "<fes:PropertyIsEqualTo/>",
        "<fes:PropertyIsBetween/>",
        "<fes:PropertyIsBetween><fes:Literal/><fes:LowerBoundary/><fes:UpperBoundary/></fes:PropertyIsBetween>",
        "<fes:PropertyIsLike><fes:ValueReference>name</fes:ValueReference></fes:PropertyIsLike>",
        "<fes:PropertyIsNull/>",
        "<fes:And/>",
        "<fes:Not/>",
        "<fes:BBOX/>",
        "<fes:BBOX><gml:Envelope/></fes:BBOX>",
        f"<fes:BBOX>{UPSIDE_DOWN}</fes:BBOX>",
        "<fes:Intersects/>",
        f"<fes:Intersects>{PLACE}<gml:Polygon/></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:Point><gml:pos>a b</gml:pos></gml:Point></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:Point><gml:pos>1</gml:pos></gml:Point></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:Point><gml:pos>nan inf</gml:pos></gml:Point></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:Point srsName='EPSG:9'><gml:pos>1 2</gml:pos></gml:Point></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:Point srsDimension='x'><gml:pos>1 2</gml:pos></gml:Point></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:LineString><gml:posList>1 2 3</gml:posList></gml:LineString></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:MultiPoint/></fes:Intersects>",
        f"<fes:Intersects>{PLACE}<gml:Solid/></fes:Intersects>",
        "<fes:After><fes:ValueReference>checked_at</fes:ValueReference></fes:After>",
        f"<fes:After><fes:ValueReference>checked_at</fes:ValueReference>{moment('soon')}</fes:After>",
        "<fes:PropertyIsEqualTo><fes:Function name='exec'/><fes:Literal>1</fes:Literal></fes:PropertyIsEqualTo>",
        f"<fes:DWithin>{SOMEWHERE}</fes:DWithin>",
        f"<fes:DWithin>{SOMEWHERE}<fes:Distance>-1</fes:Distance></fes:DWithin>",
        f"<fes:DWithin>{PLACE}{PLACE}<fes:Distance>1</fes:Distance></fes:DWithin>",
        f"<fes:Beyond>{SOMEWHERE}<fes:Distance uom='ly'>1</fes:Distance></fes:Beyond>",
        f"<fes:Beyond>{SOMEWHERE}<fes:Distance uom='m'>nan</fes:Distance></fes:Beyond>",
        "<fes:Not>" * 60 + compare("PropertyIsEqualTo", "floors", "1") + "</fes:Not>" * 60,
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(client, condition):
    answer = answer_to(client, condition)
    assert answer.status_code == 400, answer.text
    assert ET.fromstring(answer.content)[0].get("exceptionCode") == "InvalidParameterValue"


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>
<GetFeature service="WFS" version="2.0.0"><Query typeNames="&c;"/></GetFeature>"""
OUTSIDE = """<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<GetFeature service="WFS" version="2.0.0"><Query typeNames="a">&x;</Query></GetFeature>"""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (BOMB.encode(), 400),
        (OUTSIDE.encode(), 400),
        (OUTSIDE.encode("utf-16"), 400),
        (b"<a>" * 5_000, 400),
        (b"<a " + b"b='c' " * 3 + b"/>", 400),
        (b"<?xml version='1.0' encoding='x-none'?><a/>", 400),
        (b"<a>&undefined;</a>", 400),
        (b"", 400),
        (b"\xff\xfe\x00", 400),
        (b"<a>" + b" " * 1_000_001, 400),
    ],
)
def test_xml_that_attacks_is_refused(client, body, status):
    answer = client.post("/wfs", content=body)
    assert answer.status_code == status
    assert ET.fromstring(answer.content).tag == "{http://www.opengis.net/ows/1.1}ExceptionReport"
    assert "root:" not in answer.text


@pytest.mark.parametrize(("operator", "function"), [("Intersects", "S_INTERSECTS"), ("Within", "S_WITHIN")])
def test_a_place_that_reaches_round_the_globe_means_the_same_as_in_a_filter_of_features(client, operator, function):
    """Its corners have no place in the storage CRS, and a side of 120 degrees is bent there."""
    corners = [(60.0, -80.0), (179.0, -80.0), (179.0, 35.2), (60.0, 80.0), (60.0, -80.0)]
    places = " ".join(f"{latitude} {longitude}" for longitude, latitude in corners)
    ring = f"<gml:exterior><gml:LinearRing><gml:posList>{places}</gml:posList></gml:LinearRing></gml:exterior>"
    area = f"<gml:Polygon srsName='urn:ogc:def:crs:EPSG::4490'>{ring}</gml:Polygon>"
    text = ", ".join(f"{longitude} {latitude}" for longitude, latitude in corners)
    asked = {"filter": f"{function}(geometry, POLYGON(({text})))"}
    features = client.get("/collections/parcels/items", params=asked).json()["features"]
    keys = sorted(found(client, f"<fes:{operator}>{PLACE}{area}</fes:{operator}>"))
    assert keys == sorted(feature["id"].replace("P/5 东", P5) for feature in features) != []
