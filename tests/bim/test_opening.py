"""Files of building models: what is opened, what is refused, and what the refusal says."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import ifcopenshell
import pytest

from bim.cityjson.opening import open_cityjson
from bim.ifc.opening import open_ifc
from bim.ifc.reading import read_ifc
from bimread_models import add_block, add_storeys, empty_model, write_model
from twin.errors import SourceError


@pytest.fixture
def house(tmp_path: Path) -> Path:
    file = empty_model("IFC4")
    add_storeys(file, (0.0, 3.0))
    add_block(file, "IfcWall", "Wall", size=(5.0, 0.3, 3.0), at=(0.0, 0.0, 0.0))
    return write_model(file, tmp_path / "house.ifc")


def _edited(path: Path, old: bytes, new: bytes, name: str = "edited.ifc") -> Path:
    text = path.read_bytes()
    assert old in text
    edited = path.with_name(name)
    edited.write_bytes(text.replace(old, new, 1))
    return edited


@pytest.mark.parametrize(
    ("schema", "read_as"), [("IFC2X3", "IFC2X3"), ("IFC4", "IFC4"), ("IFC4X3_ADD2", "IFC4X3_ADD2")]
)
def test_three_schemas_are_read_as_they_are(tmp_path: Path, schema: str, read_as: str) -> None:
    path = write_model(empty_model(schema), tmp_path / "model.ifc")
    opened = open_ifc(path)
    assert (opened.schema, opened.read_as, opened.normalised, opened.faults) == (schema, read_as, (), ())
    assert opened.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("declared", ["IFC4X1", "IFC4_ADD2_TC1", "ifc4"])
def test_a_near_schema_is_read_when_all_that_is_in_the_file_fits(house: Path, declared: str) -> None:
    opened = open_ifc(_edited(house, b"'IFC4'", f"'{declared}'".encode()))
    assert (opened.schema, opened.read_as) == (declared, "IFC4")
    assert opened.normalised == (f"it declares the schema {declared} and was read as IFC4",)
    assert [wall.Name for wall in opened.file.by_type("IfcWall")] == ["Wall"]


@pytest.mark.parametrize("declared", ["IFC4X3", "IFC4X3_ADD1", "IFC4X3_RC4"])
def test_drafts_of_ifc43_are_read_as_its_second_addendum(tmp_path: Path, declared: str) -> None:
    path = write_model(empty_model("IFC4X3_ADD2"), tmp_path / "model.ifc")
    assert open_ifc(_edited(path, b"IFC4X3_ADD2", declared.encode())).read_as == "IFC4X3_ADD2"


def test_a_near_schema_is_refused_when_an_instance_has_other_attributes(house: Path) -> None:
    path = _edited(_edited(house, b"'IFC4'", b"'IFC4X1'"), b",'Wall',", b",'Wall',$,", "wider.ifc")
    with pytest.raises(SourceError, match=r"IFC4X1, and cannot be read as .*Expected 9 attribute values, found 10"):
        open_ifc(path)


def test_a_near_schema_is_refused_when_a_value_is_of_another_type(house: Path) -> None:
    path = _edited(_edited(house, b"'IFC4'", b"'IFC4X1'"), b".AREA.", b".REGION.", "other.ifc")
    with pytest.raises(SourceError, match=r"REGION.*export it as"):
        open_ifc(path)


@pytest.mark.parametrize("declared", ["IFC2X_FINAL", "IFC2X2_FINAL", "IFC5", "AUTOMOTIVE_DESIGN"])
def test_other_schemas_are_refused(house: Path, declared: str) -> None:
    with pytest.raises(SourceError, match=f"schema {declared}, which cannot be read: export it as IFC4"):
        open_ifc(_edited(house, b"'IFC4'", f"'{declared}'".encode()))


def test_a_byte_order_mark_is_left_out_and_said(house: Path) -> None:
    house.write_bytes(b"\xef\xbb\xbf" + house.read_bytes())
    opened = open_ifc(house)
    assert opened.normalised == ("the UTF-8 byte order mark at its beginning was left out",)
    assert opened.sha256 == hashlib.sha256(house.read_bytes()).hexdigest()


def test_a_comment_in_the_header_does_not_hide_the_schema(house: Path) -> None:
    comment = b"/* FILE_SCHEMA(('IFC2X3')); */\nFILE_SCHEMA"
    assert open_ifc(_edited(house, b"FILE_SCHEMA", comment)).schema == "IFC4"


def _pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_a_packed_file_is_unpacked_whatever_it_is_called(house: Path) -> None:
    packed = _pack(house.with_suffix(".ifczip"), {"sub/房屋.ifc": house.read_bytes(), "notes.txt": b"-"})
    opened = open_ifc(packed)
    assert opened.normalised == ("sub/房屋.ifc was unpacked from house.ifczip",)
    assert opened.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


def test_an_archive_of_two_models_is_refused(house: Path) -> None:
    packed = _pack(house.with_suffix(".zip"), {"a.ifc": house.read_bytes(), "b.ifc": house.read_bytes()})
    with pytest.raises(SourceError, match=r"must hold one IFC, it holds 2: a.ifc, b.ifc; unpack it"):
        open_ifc(packed)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = _pack(tmp_path / "bomb.ifczip", {"bomb.ifc": b"ISO-10303-21;" + bytes(200 * 2**20)})
    with pytest.raises(SourceError, match="would unpack to 209,715,213 bytes"):
        open_ifc(bomb)


def test_a_damaged_archive_is_refused(house: Path) -> None:
    packed = _pack(house.with_suffix(".ifczip"), {"a.ifc": house.read_bytes()})
    text = bytearray(packed.read_bytes())
    text[200:260] = bytes(60)
    packed.write_bytes(text)
    with pytest.raises(SourceError, match="cannot be unpacked"):
        open_ifc(packed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is empty"),
        (b"hello", "is not an IFC file"),
        (b"<?xml version='1.0'?><ifcXML/>", "ifcXML cannot be read; save it as .ifc"),
        (b'{"type": "ifcJSON"}', "is JSON"),
        (b"\xff\xfeI\x00S\x00O\x00", "is in UTF-16"),
        (b"DATA;\n#1=IFCWALL();", "has no header"),
        (b"ISO-10303-21;HEADER;ENDSEC;DATA;ENDSEC;END-ISO-10303-21;", "does not say which schema"),
        (b"ISO-10303-21;HEADER;FILE_SCHEMA(('IFC4'));ENDSEC;DATA;#1=IFCW", "is cut off"),
    ],
)
def test_what_is_no_ifc_is_refused_and_named(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / "delivered.ifc"
    path.write_bytes(text)
    with pytest.raises(SourceError, match=f"delivered.ifc .*{said}"):
        open_ifc(path)


#: A project, as ISO 10303-28 edition 2 writes it for IFC2X3, and as buildingSMART does for IFC4.
IFC_XML = {
    "IFC2X3": """\ufeff<?xml version="1.0" encoding="utf-8"?>
<ex:iso_10303_28 version="2.0" xmlns:ex="urn:iso.org:standard:10303:part(28):version(2):xmlschema:common">
  <ex:iso_10303_28_header><ex:name>House</ex:name></ex:iso_10303_28_header>
  <uos id="uos_1" configuration="i-ifc2x3" xmlns="http://www.iai-tech.org/ifcXML/IFC2x3/FINAL">
    <IfcProject id="i1"><GlobalId>2GoteIPYCHwgmjT3Cz$R9K</GlobalId><Name>House</Name></IfcProject>
  </uos>
</ex:iso_10303_28>
""",
    "IFC4": """<?xml version="1.0" encoding="utf-8"?>
<ifcXML xmlns="http://www.buildingsmart-tech.org/ifcXML/IFC4/final" id="ifcXML4">
  <header><name>House</name></header>
  <IfcProject id="i1" GlobalId="2GoteIPYCHwgmjT3Cz$R9K" Name="House"/>
</ifcXML>
""",
}


@pytest.mark.parametrize("schema", IFC_XML)
@pytest.mark.parametrize("name", ["house.ifcXML", "house.ifczip", "house.ifc"])
def test_ifcxml_is_refused_since_the_parser_does_not_read_it_either(tmp_path: Path, schema: str, name: str) -> None:
    path = tmp_path / "house.ifcXML"
    path.write_text(IFC_XML[schema], "utf-8")
    # When ifcopenshell reads it, this test fails and the refusal can go.
    with pytest.raises(NotImplementedError, match="ifcXML"):
        ifcopenshell.open(path)
    with pytest.raises(ifcopenshell.Error, match="SPF header"):
        ifcopenshell.open(path, ".ifc")
    delivered = path.with_name(name)
    if name.endswith("zip"):
        _pack(delivered, {"house.ifcXML": path.read_bytes()})
    elif delivered != path:
        path.rename(delivered)
    with pytest.raises(SourceError, match=rf"{name} is XML: ifcXML cannot be read; save it as \.ifc \(IFC-SPF\)"):
        open_ifc(delivered)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no file absent\.ifc"):
        open_ifc(tmp_path / "absent.ifc")


@pytest.mark.parametrize("read", [open_ifc, read_ifc, open_cityjson])
def test_a_folder_is_named_as_one(tmp_path: Path, read: Callable[[Path], object]) -> None:
    (tmp_path / "模型").mkdir()
    with pytest.raises(SourceError, match=r"^模型 is a folder: name the files in it$"):
        read(tmp_path / "模型" / ".")


def test_what_the_parser_cannot_take_is_listed_by_kind(house: Path) -> None:
    opened = open_ifc(_edited(house, b"ENDSEC;\nEND-ISO", b"#9001=IFCWALL($);\n#9002=IFCWALL($);\nENDSEC;\nEND-ISO"))
    assert opened.faults[0] == "Expected 9 attribute values, found 1 for instance #9001 (2 such)"


def test_a_comment_that_swallows_the_file_is_found_out(house: Path) -> None:
    """The parser stops at it and says nothing."""
    with pytest.raises(SourceError, match=r"damaged: only \d+ instances of it can be read"):
        open_ifc(_edited(house, b"#5=", b"/* #5="))


def test_nothing_is_left_of_what_was_unpacked(house: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    opened = open_ifc(_pack(house.with_suffix(".ifczip"), {"a.ifc": house.read_bytes()}))
    assert list(room.iterdir()) == []
    assert len(opened.file.by_type("IfcWall")) == 1
