"""WFS 2.0: what it says of itself, features in every form, paging, order, and errors."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from api.wfs.routes import ROUTE
from tests_transforms import find_transformer
from twin.store import Changes

SPACES = {
    "wfs": "http://www.opengis.net/wfs/2.0",
    "gml": "http://www.opengis.net/gml/3.2",
    "ows": "http://www.opengis.net/ows/1.1",
    "fes": "http://www.opengis.net/fes/2.0",
    "xsd": "http://www.w3.org/2001/XMLSchema",
    "twin": "urn:x-county-twin:layers",
}
BASE = {"service": "WFS", "version": "2.0.0"}
GML_ID = "{http://www.opengis.net/gml/3.2}id"
BY_ID = "urn:ogc:def:query:OGC-WFS::GetFeatureById"
POST = """<wfs:GetFeature service="WFS" version="2.0.0" count="{count}" xmlns:wfs="http://www.opengis.net/wfs/2.0"
  xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:twin="urn:x-county-twin:layers">{query}</wfs:GetFeature>"""


def ask(client, request, status=200, **values):
    answer = client.get("/wfs", params=BASE | {"request": request} | values)
    assert answer.status_code == status, answer.text
    return ET.fromstring(answer.content)


def features(client, **values):
    return ask(client, "GetFeature", **({"typeNames": "twin:parcels"} | values))


def ids(collection):
    return [member[0].get(GML_ID) for member in collection.findall("wfs:member", SPACES)]


def texts(root, path):
    return [each.text for each in root.findall(path, SPACES)]


P5 = "parcels.P_x002F_5_x0020_东"
#: In the order of the code points of their keys.
ALL = [P5, "parcels.P1", "parcels.P2", "parcels.P3"]


def test_the_capabilities_list_layers_but_no_secret_ones_in_the_crs_that_clients_know(client):
    root = ask(client, "GetCapabilities")
    assert root.get("version") == "2.0.0"
    assert texts(root, ".//wfs:FeatureType/wfs:Name") == ["twin:parcels", "twin:wells"]
    assert texts(root, ".//wfs:FeatureType/wfs:Title")[0] == "Parcels 地块"
    # The storage CRS of the town has no code.
    assert set(texts(root, ".//wfs:DefaultCRS")) == {"urn:ogc:def:crs:EPSG::4490"}
    assert "urn:ogc:def:crs:EPSG::4548" in texts(root, ".//wfs:OtherCRS")
    address = "{http://www.w3.org/1999/xlink}href"
    assert {each.get(address) for each in root.iter("{http://www.opengis.net/ows/1.1}Get")} == {"http://testserver/wfs"}


def test_the_box_of_a_layer_is_that_of_its_features(client, store):
    root = ask(client, "GetCapabilities")
    to_degrees = find_transformer(store.crs, "OGC:CRS84").transform
    west, south = map(float, texts(root, ".//ows:LowerCorner")[0].split())
    assert (west, south) == pytest.approx(to_degrees(500_000, 3_900_000), abs=1e-4)


def test_every_operation_that_the_capabilities_name_is_answered(client):
    for operation in ask(client, "GetCapabilities").findall(".//ows:Operation", SPACES):
        answer = client.get("/wfs", params=BASE | {"request": operation.get("name")})
        assert "OperationNotSupported" not in answer.text
        assert "request must be one of" not in answer.text


@pytest.mark.parametrize("accepted", ["2.0.0", "3.0.0,2.0.0,1.1.0"])
def test_versions_are_agreed_upon(client, accepted):
    assert ask(client, "GetCapabilities", acceptVersions=accepted).get("version") == "2.0.0"


def test_the_schema_has_the_fields_in_order_with_their_types(client):
    root = ask(client, "DescribeFeatureType", typeNames="twin:parcels")
    properties = {each.get("name"): each.get("type") for each in root.findall(".//xsd:sequence/xsd:element", SPACES)}
    assert properties == {
        "parcel_id": "xsd:string",
        "name": "xsd:string",
        "use": "xsd:string",
        "floors": "xsd:long",
        "height_m": "xsd:double",
        "built": "xsd:date",
        "inhabited": "xsd:boolean",
        "checked_at": "xsd:dateTime",
        "source_datum": "xsd:string",
        "accuracy_m": "xsd:double",
        "geometry": "gml:MultiSurfacePropertyType",
    }
    everything = ask(client, "DescribeFeatureType")
    assert [each.get("name") for each in everything.findall("xsd:element", SPACES)] == ["parcels", "wells"]


def test_features_have_their_values_as_xml_has_them_and_none_where_there_is_none(client):
    root = features(client)
    assert (root.get("numberMatched"), root.get("numberReturned"), root.get("next")) == ("4", "4", None)
    assert ids(root) == ALL
    last, first = root[0][0], root[1][0]
    values = {each.tag.rpartition("}")[2]: each.text for each in first if len(each) == 0}
    assert values == {
        "parcel_id": "P1",
        "name": "One",
        "use": "homes",
        "floors": "6",
        "height_m": "18.5",
        "built": "1999-05-01",
        "inhabited": "true",
        "checked_at": "2024-03-01T02:00:00.000Z",
    }
    assert last.find("twin:name", SPACES).text == '<b>"Five"</b>'
    assert last.find("twin:use", SPACES) is None


@pytest.mark.parametrize(
    ("srs", "code", "north_first"),
    [
        (None, "EPSG:4490", True),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490", True),
        ("http://www.opengis.net/def/crs/EPSG/0/4490", "EPSG:4490", True),
        ("EPSG:4490", "EPSG:4490", False),
        ("urn:ogc:def:crs:EPSG::4548", "EPSG:4548", True),
        ("EPSG:4548", "EPSG:4548", False),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84", False),
        ("urn:ogc:def:crs:EPSG::3857", "EPSG:3857", False),
    ],
)
def test_coordinates_stand_in_the_crs_that_is_asked_for_in_its_order_of_axes(client, store, srs, code, north_first):
    root = features(client, typeNames="wells", **({} if srs is None else {"srsName": srs}))
    point = root.find(".//gml:Point", SPACES)
    assert point.get("srsName") == (srs or "urn:ogc:def:crs:EPSG::4490")
    x, y = find_transformer(store.crs, code).transform(500_000, 3_900_000)
    tolerance = 1e-4 if abs(x) > 1000 else 1e-9
    first, second, height = map(float, point.find("gml:pos", SPACES).text.split())
    assert ((second, first) if north_first else (first, second)) == pytest.approx((x, y), abs=tolerance)
    assert height == 87.25


def test_pages_by_number_hold_every_feature_once(client):
    found, start = [], 0
    while True:
        page = features(client, count="3", startIndex=str(start))
        found += ids(page)
        start += int(page.get("numberReturned"))
        if start == int(page.get("numberMatched")):
            break
    assert found == ALL


def test_the_link_to_the_next_page_neither_repeats_nor_skips_a_feature_after_a_write(client, store, catalog):
    page = features(client, count="2")
    store.write(catalog.layer("parcels"), Changes(delete=("P1",)), author="survey", reason="gone")
    following = ET.fromstring(client.get(page.get("next")).content)
    assert ids(page) + ids(following) == ALL


def test_hits_are_counted_and_not_sent(client):
    root = features(client, resultType="hits")
    assert (root.get("numberMatched"), root.get("numberReturned"), len(root)) == ("4", "0", 0)


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("floors DESC", ["parcels.P2", "parcels.P1", P5, "parcels.P3"]),
        ("twin:floors", ["parcels.P3", P5, "parcels.P1", "parcels.P2"]),
        ("use ASC,name DESC", ["parcels.P2", "parcels.P1", "parcels.P3", P5]),
    ],
)
def test_features_come_in_the_order_that_is_asked_for(client, order, keys):
    assert ids(features(client, sortBy=order)) == keys


def test_only_the_properties_that_are_asked_for_come(client):
    root = features(client, propertyName="twin:name,floors", count="1")
    assert [each.tag.rpartition("}")[2] for each in root[0][0]] == ["name", "floors"]


def test_a_box_finds_what_lies_there_in_each_crs(client, store):
    for code, north_first in (("EPSG::4490", True), ("EPSG::4548", True), ("OGC:1.3:CRS84", False)):
        to_crs = find_transformer(store.crs, code.replace("::", ":").replace("1.3:", "")).transform
        corners = [to_crs(500_500, 3_899_000), to_crs(502_500, 3_901_000)]
        corners = [corner[::-1] for corner in corners] if north_first else corners
        box = ",".join(str(value) for corner in corners for value in corner)
        assert ids(features(client, bbox=f"{box},urn:ogc:def:crs:{code}")) == ["parcels.P2", "parcels.P3"], code
        if code == "EPSG::4490":
            assert ids(features(client, bbox=box)) == ["parcels.P2", "parcels.P3"]
    assert ids(features(client, bbox="-90,-180,90,180")) == ALL
    assert ids(features(client, bbox="10,10,11,11")) == []


def test_features_are_found_by_their_ids(client):
    assert ids(features(client, resourceId=f"parcels.P3,{P5},parcels.none,wells.W1")) == [P5, "parcels.P3"]
    assert ids(ask(client, "GetFeature", resourceId="wells.W2")) == ["wells.W2"]


def test_the_stored_query_gives_the_feature_itself(client):
    assert ask(client, "ListStoredQueries")[0].get("id") == BY_ID
    assert ask(client, "DescribeStoredQueries", storedQuery_Id=BY_ID)[0].get("id") == BY_ID
    feature = ask(client, "GetFeature", storedQuery_Id=BY_ID, id=P5)
    assert feature.tag == "{urn:x-county-twin:layers}parcels"
    assert feature.get(GML_ID) == P5
    for gone in ("parcels.P9", "bunkers.B1", "nothing"):
        report = ask(client, "GetFeature", 404, storedQuery_Id=BY_ID, id=gone)
        assert report[0].get("exceptionCode") == "NotFound"


def test_values_of_a_property_come_by_themselves(client):
    root = ask(client, "GetPropertyValue", typeNames="twin:parcels", valueReference="twin:use")
    assert root.tag == "{http://www.opengis.net/wfs/2.0}ValueCollection"
    assert texts(root, "wfs:member/twin:use") == ["homes", "homes", "park"]
    assert root.get("numberMatched") == "4"
    shapes = ask(client, "GetPropertyValue", typeNames="wells", valueReference="geometry")
    assert len(shapes.findall("wfs:member/twin:geometry/gml:Point", SPACES)) == 2


def test_geojson_is_there_in_degrees(client):
    asked = BASE | {"request": "GetFeature", "typeNames": "parcels", "outputFormat": "application/geo+json"}
    answer = client.get("/wfs", params=asked | {"count": "1", "startIndex": "1", "propertyName": "name"})
    assert answer.headers["content-type"] == "application/geo+json"
    (feature,) = answer.json()["features"]
    assert (feature["id"], feature["properties"]) == ("P1", {"name": "One"})
    assert answer.json()["numberMatched"] == 4
    other = client.get("/wfs", params=asked | {"srsName": "urn:ogc:def:crs:EPSG::4548"})
    assert other.status_code == 400


def collections(client, **values):
    """Matched, returned and members of the collections in one, and their ids or references."""
    root = features(client, **values)
    inner = [member[0] for member in root.findall("wfs:member", SPACES)]
    href = "{http://www.w3.org/1999/xlink}href"
    members = [[m.get(href) or m[0].get(GML_ID) for m in each.findall("wfs:member", SPACES)] for each in inner]
    counts = [(each.get("numberMatched"), each.get("numberReturned")) for each in (root, *inner)]
    return counts, members, root


def test_several_queries_are_answered_in_one_document_in_their_order(client):
    several = {"typeNames": "(twin:wells)(parcels)", "sortBy": "()(floors DESC)", "propertyName": "()(floors)"}
    counts, members, root = collections(client, **several)
    assert counts == [("6", "6"), ("2", "2"), ("4", "4")]
    assert members == [["wells.W1", "wells.W2"], ["parcels.P2", "parcels.P1", P5, "parcels.P3"]]
    assert root.get("next") is None
    parcel = root[1][0][0][0]
    assert [each.tag.partition("}")[2] for each in parcel] == ["floors"]
    where = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation").split()[-1]
    assert "typeNames=wells%2Cparcels" in where
    assert client.get(where).status_code == 200


def test_count_and_start_are_of_all_queries_together(client):
    counts, members, root = collections(client, typeNames="(wells)(parcels)", count="3", startIndex="1")
    assert counts == [("6", "3"), ("2", "1"), ("4", "2")]
    assert members == [["wells.W2"], ALL[:2]]
    following = ET.fromstring(client.get(root.get("next")).content)
    assert [len(member[0]) for member in following] == [0, 2]
    assert following.get("next") is None
    assert features(client, typeNames="(wells)(parcels)", resultType="hits").get("numberMatched") == "6"


def test_a_feature_that_two_queries_find_is_written_once_and_referred_to(client):
    condition = (
        "<Filter><PropertyIsEqualTo><ValueReference>name</ValueReference><Literal>{}</Literal></PropertyIsEqualTo>"
    )
    filters = f"({condition.format('Two')}</Filter>)({condition.format('Two')}</Filter>)"
    counts, members, _ = collections(client, typeNames="(parcels)(parcels)", filter=filters)
    assert counts == [("2", "2"), ("1", "1"), ("1", "1")]
    assert members == [["parcels.P2"], ["#parcels.P2"]]


def test_several_queries_may_be_posted_stored_ones_among_them(client):
    stored = f'<wfs:StoredQuery id="{BY_ID}"><wfs:Parameter name="id">wells.W1</wfs:Parameter></wfs:StoredQuery>'
    query = '<wfs:Query typeNames="twin:parcels" srsName="urn:ogc:def:crs:EPSG::4548"/>'
    root = ET.fromstring(client.post("/wfs", content=POST.format(count=10, query=stored + query)).content)
    assert [ids(member[0]) for member in root] == [["wells.W1"], ALL]
    join = POST.format(count=1, query='<wfs:Query typeNames="twin:parcels twin:wells"/>')
    assert b'exceptionCode="OptionNotSupported"' in client.post("/wfs", content=join).content
    json = client.get(
        "/wfs",
        params=BASE | {"request": "GetFeature", "typeNames": "(wells)(parcels)", "outputFormat": "application/json"},
    ).json()
    assert (json["numberMatched"], len(json["features"])) == (6, 6)


def test_pages_that_are_sorted_follow_one_another_by_what_stands_last(client, store, catalog):
    page = features(client, count="2", sortBy="use,floors DESC")
    assert ids(page) == ["parcels.P2", "parcels.P1"]
    store.write(catalog.layer("parcels"), Changes(delete=("P2",)), author="survey", reason="gone")
    following = ET.fromstring(client.get(page.get("next")).content)
    assert (ids(following), following.get("next")) == (["parcels.P3", P5], None)


def test_a_request_may_be_posted(client):
    query = """<wfs:Query typeNames="twin:parcels" srsName="urn:ogc:def:crs:EPSG::4548">
      <wfs:PropertyName>twin:floors</wfs:PropertyName>
      <fes:Filter><fes:PropertyIsGreaterThan><fes:ValueReference>twin:floors</fes:ValueReference>
        <fes:Literal>1</fes:Literal></fes:PropertyIsGreaterThan></fes:Filter>
      <fes:SortBy><fes:SortProperty><fes:ValueReference>floors</fes:ValueReference>
        <fes:SortOrder>DESC</fes:SortOrder></fes:SortProperty></fes:SortBy></wfs:Query>"""
    root = ET.fromstring(client.post("/wfs", content=POST.format(count=2, query=query)).content)
    assert ids(root) == ["parcels.P2", "parcels.P1"]
    assert (root.get("numberMatched"), root.get("next")) == ("3", None)
    stored = f'<wfs:StoredQuery id="{BY_ID}"><wfs:Parameter name="id">wells.W1</wfs:Parameter></wfs:StoredQuery>'
    feature = ET.fromstring(client.post("/wfs", content=POST.format(count=1, query=stored)).content)
    assert feature.get(GML_ID) == "wells.W1"


@pytest.mark.parametrize(
    ("values", "code", "locator"),
    [
        ({"request": ""}, "MissingParameterValue", "request"),
        ({"service": ""}, "MissingParameterValue", "service"),
        ({"service": "WMS"}, "InvalidParameterValue", "service"),
        ({"version": "1.1.0"}, "InvalidParameterValue", "version"),
        ({"request": "GetEverything"}, "InvalidParameterValue", "request"),
        ({"request": "Transaction"}, "OperationNotSupported", "Transaction"),
        ({"request": "GetCapabilities", "acceptVersions": "1.1.0"}, "VersionNegotiationFailed", "acceptVersions"),
        ({"typeNames": ""}, "MissingParameterValue", "typeNames"),
        ({"typeNames": "twin:bunkers"}, "InvalidParameterValue", "typeNames"),
        ({"typeNames": "parcels,wells"}, "OptionNotSupported", "typeNames"),
        ({"typeNames": "(parcels)(wells)", "sortBy": "(floors)"}, "InvalidParameterValue", "SORTBY"),
        ({"count": "-1"}, "InvalidParameterValue", "count"),
        ({"startIndex": "x"}, "InvalidParameterValue", "startIndex"),
        ({"srsName": "urn:ogc:def:crs:EPSG::2100"}, "InvalidParameterValue", "srsName"),
        ({"bbox": "1,2,3"}, "InvalidParameterValue", "bbox"),
        ({"bbox": "1,2,0,5"}, "InvalidParameterValue", "bbox"),
        ({"bbox": "1,2,nan,5"}, "InvalidParameterValue", "bbox"),
        ({"sortBy": "colour"}, "InvalidParameterValue", "valueReference"),
        ({"sortBy": "floors SIDEWAYS"}, "InvalidParameterValue", "sortBy"),
        ({"propertyName": "\x01"}, "InvalidParameterValue", "valueReference"),
        ({"outputFormat": "shape"}, "InvalidParameterValue", "outputFormat"),
        ({"resultType": "some"}, "InvalidParameterValue", "resultType"),
        ({"storedQuery_Id": "urn:other"}, "InvalidParameterValue", "storedQuery_Id"),
        ({"filter": "<x"}, "InvalidParameterValue", ""),
    ],
)
def test_what_is_wrong_is_told_as_an_exception_report(client, values, code, locator):
    asked = BASE | {"request": "GetFeature", "typeNames": "twin:parcels"} | values
    answer = client.get("/wfs", params=asked)
    assert answer.status_code == 400
    report = ET.fromstring(answer.content)
    assert report.tag == "{http://www.opengis.net/ows/1.1}ExceptionReport"
    assert (report[0].get("exceptionCode"), report[0].get("locator", "")) == (code, locator)


def test_keys_may_be_written_in_any_case_and_twice_if_they_say_the_same(client):
    answer = client.get("/wfs?SERVICE=WFS&Request=GetFeature&TYPENAMES=parcels&TYPENAME=parcels&MAXFEATURES=1")
    assert ET.fromstring(answer.content).get("numberReturned") == "1"
    assert client.get("/wfs?service=WFS&request=GetFeature&typeNames=parcels&typeName=wells").status_code == 400


def test_what_a_client_has_is_not_sent_again_until_the_layer_changes(client, store, catalog):
    asked = BASE | {"request": "GetFeature", "typeNames": "parcels"}
    tag = client.get("/wfs", params=asked).headers["etag"]
    assert client.get("/wfs", params=asked, headers={"If-None-Match": tag}).status_code == 304
    store.write(catalog.layer("parcels"), Changes(delete=("P1",)), author="survey", reason="gone")
    assert client.get("/wfs", params=asked, headers={"If-None-Match": tag}).status_code == 200


def test_other_methods_are_refused(client):
    assert client.put(ROUTE.path).status_code == 405
