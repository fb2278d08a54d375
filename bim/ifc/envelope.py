"""The file as it was delivered, before anything in it is parsed: packed, marked, cut off, or not an IFC at all."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import SourceError
from twin.filenames import name_of, require_file

#: The largest file that is unpacked, and how many times larger than its archive it may be. Real ones are 3 to 12 times.
_LARGEST_BYTES = 8 * 2**30
_DENSEST = 100

BOM = b"\xef\xbb\xbf"
_START = b"ISO-10303-21"
_END = b"END-ISO-10303-21"
_HEADER_BYTES = 2**20
_TAIL_BYTES = 2**16
_LAST = 10

_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_SCHEMA = re.compile(rb"FILE_SCHEMA\s*\(\s*\(\s*'([^']*)'", re.IGNORECASE)
_INSTANCE = re.compile(rb"#(\d+)\s*=")

#: What files begin with that are taken for IFC and are none, and what to do with them.
_OTHERS = (
    (b"<", "is XML: ifcXML cannot be read; save it as .ifc (IFC-SPF) in the program that wrote it, or convert it"),
    (b"{", "is JSON, not IFC-SPF: save it as .ifc in the program that wrote it"),
    (b"SQLite format 3", "is a database, not IFC-SPF: save it as .ifc in the program that wrote it"),
    (b"\x89HDF", "is IFC-HDF, which cannot be read: save it as .ifc (IFC-SPF) in the program that wrote it"),
    (b"\xff\xfe", "is in UTF-16: IFC-SPF is ASCII; save it as .ifc in the program that wrote it"),
    (b"\xfe\xff", "is in UTF-16: IFC-SPF is ASCII; save it as .ifc in the program that wrote it"),
    (b"HEADER", "has no first line 'ISO-10303-21;': it was damaged or edited; export it anew"),
    (b"DATA", "has no header, so its schema is not known: it was damaged or edited; export it anew"),
)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """An IFC-SPF file that is whole, and what its header declares.

    Parameters
    ----------
    name
        The file as its deliverer calls it.
    path
        Where it can be opened; unpacked where it was packed.
    folder
        Where temporary files may be written; removed when the context ends.
    schema
        The schema of FILE_SCHEMA as written.
    schema_place
        Where in the file the name of the schema stands: first byte and one past the last.
    marked
        Whether it begins with a UTF-8 byte order mark.
    last_instances
        Numbers of the last instances of the file.
    sha256
        Digest of the delivered bytes.
    notes
        What was done to get at it.
    """

    name: str
    path: Path
    folder: Path
    schema: str
    schema_place: tuple[int, int]
    marked: bool
    last_instances: tuple[int, ...]
    sha256: str
    notes: tuple[str, ...]


@contextmanager
def open_envelope(path: Path) -> Iterator[Envelope]:
    """Look at a delivered file; what is unpacked is there until the context ends.

    Parameters
    ----------
    path
        A file `.ifc` or `.ifczip`; what it is, is told by its bytes.

    Raises
    ------
    SourceError
        It is absent, empty, no IFC-SPF, cut off, or an archive without exactly one IFC; the detail says what to do.
    """
    name = name_of(path.name)
    require_file(path)
    if path.stat().st_size == 0:
        raise SourceError(f"{name} is empty (0 bytes)")
    with tempfile.TemporaryDirectory(prefix="twin-bim-") as folder:
        notes: tuple[str, ...] = ()
        plain = path
        if zipfile.is_zipfile(path):
            plain, member = _unpack(path, Path(folder), name)
            notes = (f"{member} was unpacked from {name}",)
        yield _inspect(plain, Path(folder), name, path, notes)


def _unpack(archive: Path, folder: Path, name: str) -> tuple[Path, str]:
    """Unpack the one IFC of an archive."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [each for each in packed.infolist() if Path(each.filename).suffix.lower() in (".ifc", ".ifcxml")]
            if len(members) != 1:
                found = ", ".join(each.filename for each in members) or "none"
                raise SourceError(
                    f"{name} must hold one IFC, it holds {len(members)}: {found}; unpack it and name the files"
                )
            (member,) = members
            if member.file_size > min(_LARGEST_BYTES, _DENSEST * max(member.compress_size, 2**20)):
                raise SourceError(
                    f"{name} would unpack to {member.file_size:,} bytes, {member.file_size // member.compress_size:,} "
                    "times its size: it is not unpacked; deliver the .ifc itself"
                )
            if member.file_size > shutil.disk_usage(folder).free:
                raise SourceError(
                    f"there is no room to unpack {name} in {folder.parent}; set TMPDIR to a larger folder"
                )
            plain = folder / "unpacked.ifc"
            with packed.open(member) as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target, 2**20)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise SourceError(f"{name} cannot be unpacked: {error}; deliver it again", cause=error) from error
    return plain, member.filename


def _inspect(plain: Path, folder: Path, name: str, delivered: Path, notes: tuple[str, ...]) -> Envelope:
    """Read the head and the tail of a file, and the digest of what was delivered."""
    with plain.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        file.seek(max(0, plain.stat().st_size - _TAIL_BYTES))
        tail = file.read()
    marked = head.startswith(BOM)
    _refuse_others(head.removeprefix(BOM).lstrip(), name)
    header = _COMMENT.sub(lambda comment: b" " * len(comment.group()), head.partition(b"DATA;")[0])
    declared = _SCHEMA.search(header)
    if declared is None:
        raise SourceError(f"{name} does not say which schema it follows (FILE_SCHEMA): export it anew")
    if _END not in tail:
        raise SourceError(f"{name} is cut off: it does not end with END-ISO-10303-21; deliver it again")
    with delivered.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Envelope(
        name=name,
        path=plain,
        folder=folder,
        schema=declared.group(1).decode("latin-1"),
        schema_place=declared.span(1),
        marked=marked,
        last_instances=tuple(int(number) for number in _INSTANCE.findall(tail)[-_LAST:]),
        sha256=sha256,
        notes=notes,
    )


def _refuse_others(start: bytes, name: str) -> None:
    """Refuse what is no IFC-SPF, and say what it is."""
    if start.upper().startswith(_START):
        return
    for magic, said in _OTHERS:
        if start.startswith(magic):
            raise SourceError(f"{name} {said}")
    raise SourceError(f"{name} is not an IFC file: it does not begin with ISO-10303-21")
