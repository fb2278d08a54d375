"""Opening delivered files without leaving anything beside them.

GDAL writes next to what it reads (``.gfs``, ``.shx``, ``.aux.xml``, ``-wal``), and deliveries lie on read-only shares.
So a delivery is opened through links in a temporary folder; archives are unpacked there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import SourceError
from twin.filenames import decode_name, name_of, require_file

#: What belongs to a file of each kind, beside the file itself.
_PARTS = {
    ".shp": {".shx", ".dbf", ".prj", ".cpg"},
    ".dbf": {".cpg"},
    ".csv": {".prj"},
    ".tab": {".dat", ".map", ".id", ".ind", ".cpg"},
    ".mif": {".mid"},
    ".gml": {".xsd"},
    ".gpkg": {".gpkg-wal"},
    ".sqlite": {".sqlite-wal"},
}

#: Kinds of file looked for in an archive.
_KINDS = {
    ".shp", ".gpkg", ".geojson", ".geojsonl", ".json", ".fgb", ".parquet", ".kml", ".kmz", ".dxf", ".tab", ".mif",
    ".gml", ".csv", ".xlsx",
}  # fmt: skip

#: The flag of a member of an archive whose name is in UTF-8; zipfile reads the others as code page 437.
_SAYS_UTF8 = 0x800

#: What operating systems leave in archives.
_IS_LITTER = re.compile(r"(^|/)(__MACOSX/|\._|~\$)")


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A delivery ready to be opened.

    Parameters
    ----------
    name
        What the deliverer calls it.
    path
        What to open, in the temporary folder.
    sha256
        Digest of the delivered bytes: of the file, or of the list of digests where there are several.
    """

    name: str
    path: Path
    sha256: str


@contextmanager
def stage(path: Path, *, name: str | None = None) -> Iterator[Staged]:
    """Stage a delivered file with all that belongs to it, until the context ends.

    Parameters
    ----------
    path
        The file.
    name
        What to call it; its own name by default.

    Raises
    ------
    SourceError
        It is absent, empty, a plain folder, or an archive without exactly one data set; it cannot be read, or there is
        no room to read it.
    """
    name = name or name_of(path.name)
    parts = _parts(path)
    try:
        with tempfile.TemporaryDirectory(prefix="twin-ingest-") as folder:
            source = _unpack(path, Path(folder, "unpacked")) if path.suffix.lower() == ".zip" else path
            yield Staged(name=name, path=_link(source, Path(folder, "staged")), sha256=hash_files(parts))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            said = f"there is no room for temporary files in {tempfile.gettempdir()}; set TMPDIR to a larger folder"
            raise SourceError(f"{name} cannot be read: {said}", cause=error) from error
        raise SourceError(f"{name} cannot be read: {error.strerror or error}", cause=error) from error


def hash_files(files: list[Path]) -> str:
    """SHA-256 of one file's bytes; of several, of the list of their digests."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append((name_of(file.name), hashlib.file_digest(stream, "sha256").hexdigest()))
    return digest_list(digests)


def digest_list(digests: Sequence[tuple[str, str]]) -> str:
    """One digest for names and digests: the only one itself, or that of the lines ``sha256sum`` would print."""
    if len(digests) == 1:
        return digests[0][1]
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def _parts(path: Path) -> list[Path]:
    """The file and what belongs to it; of a File Geodatabase, the files in it."""
    if path.is_dir():
        parts = [part for part in path.iterdir() if part.is_file()]
        if not any(part.suffix.lower() == ".gdbtable" for part in parts):
            raise SourceError(f"{name_of(path.name)} is a folder, not a File Geodatabase: name the files in it")
        return parts
    require_file(path)
    if path.stat().st_size == 0:
        raise SourceError(f"{name_of(path.name)} is empty (0 bytes)")
    wanted = _PARTS.get(path.suffix.lower(), set())
    stem = path.stem.casefold()
    beside = [part for part in path.parent.iterdir() if wanted and part.stem.casefold() == stem]
    # Windows does not mind case. Of two that differ in nothing else, the one spelt like the file comes last and counts.
    beside.sort(key=lambda part: part.stem == path.stem)
    found = {part.suffix.lower(): part for part in beside if part.suffix.lower() in wanted}
    return [path, *found.values()]


def _link(path: Path, folder: Path) -> Path:
    """Link a data set into a folder, and say where it is then; suffixes become small letters."""
    if path.is_dir():
        folder /= f"{name_of(path.stem)}.gdb"
        folder.mkdir(parents=True)
        for part in _parts(path):
            _place(part, folder / part.name)
        return folder
    folder.mkdir()
    for part in _parts(path):
        _place(part, folder / f"{name_of(path.stem)}{part.suffix.lower()}")
    return folder / f"{name_of(path.stem)}{path.suffix.lower()}"


def _place(part: Path, place: Path) -> None:
    """Link a file; copy a database in write-ahead mode, whose reader would write beside it through the link."""
    if place.suffix in (".gpkg", ".sqlite", ".gpkg-wal", ".sqlite-wal") and _is_write_ahead(part):
        shutil.copyfile(part, place)
    else:
        place.symlink_to(part.resolve())


def _is_write_ahead(part: Path) -> bool:
    if part.suffix.lower().endswith("-wal"):
        return True
    with part.open("rb") as file:
        return file.read(20)[18:20] == b"\x02\x02"


def _unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive and find the one data set in it."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [member for member in packed.infolist() if not _IS_LITTER.search(member.filename)]
            if sum(member.file_size for member in members) > shutil.disk_usage(folder).free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            for member in members:
                if not member.flag_bits & _SAYS_UTF8:
                    member.filename = decode_name(member.filename.encode("cp437"))
                packed.extract(member, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise SourceError(f"{name_of(archive.name)} cannot be unpacked: {error}", cause=error) from error
    databases = [found for found in folder.rglob("*") if found.is_dir() and found.suffix.lower() == ".gdb"]
    files = [found for found in folder.rglob("*") if found.is_file() and found.suffix.lower() in _KINDS]
    found = databases or files
    if len(found) != 1:
        names = ", ".join(sorted(str(file.relative_to(folder)) for file in found)) or "none"
        raise SourceError(
            f"{name_of(archive.name)} must hold one data set, it holds {len(found)}: {names}; unpack it and name them"
        )
    return found[0]
