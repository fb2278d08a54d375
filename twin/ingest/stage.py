"""Opening delivered files without leaving anything beside them.

GDAL writes next to what it reads (``.gfs``, ``.shx``, ``.aux.xml``, ``-wal``), and deliveries lie on read-only shares.
So a delivery is opened through links in a temporary folder; archives are unpacked there.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import SourceError

#: What belongs to a file of each kind, beside the file itself.
_PARTS = {
    ".shp": {".shx", ".dbf", ".prj", ".cpg"},
    ".dbf": {".cpg"},
    ".tab": {".dat", ".map", ".id", ".ind", ".cpg"},
    ".mif": {".mid"},
    ".gml": {".xsd"},
    ".gpkg": {".gpkg-wal"},
    ".sqlite": {".sqlite-wal"},
}

#: Kinds of file looked for in an archive.
_KINDS = {
    ".shp", ".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".kml", ".dxf", ".tab", ".mif", ".gml", ".csv", ".xlsx",
}  # fmt: skip


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
        It is absent, empty, a plain folder, or an archive without exactly one data set.
    """
    parts = _parts(path)
    with tempfile.TemporaryDirectory(prefix="twin-ingest-") as folder:
        inside = Path(folder)
        if path.is_dir():
            inside = inside / (path.stem + ".gdb")
            inside.mkdir()
        try:
            for part in parts:
                _place(part, inside / (part.stem + part.suffix.lower() if path.is_file() else part.name))
            digest = hash_files(parts)
            staged = inside if path.is_dir() else inside / (path.stem + path.suffix.lower())
            if staged.suffix == ".zip":
                staged = _unpack(staged, inside / "unpacked")
        except OSError as error:
            raise SourceError(f"{path.name} cannot be read: {error.strerror or error}", cause=error) from error
        yield Staged(name=name or path.name, path=staged, sha256=digest)


def hash_files(files: list[Path]) -> str:
    """SHA-256 of one file's bytes; of several, of the list of their digests."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append((file.name, hashlib.file_digest(stream, "sha256").hexdigest()))
    return digest_list(digests)


def digest_list(digests: Sequence[tuple[str, str]]) -> str:
    """One digest for names and digests: the only one itself, or that of the lines ``sha256sum`` would print."""
    if len(digests) == 1:
        return digests[0][1]
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def _parts(path: Path) -> list[Path]:
    if path.is_dir():
        parts = [part for part in path.iterdir() if part.is_file()]
        if not any(part.suffix.lower() == ".gdbtable" for part in parts):
            raise SourceError(f"{path.name} is a folder, not a File Geodatabase: name the files in it")
        return parts
    if not path.is_file():
        raise SourceError(f"there is no file {path.name}")
    if path.stat().st_size == 0:
        raise SourceError(f"{path.name} is empty (0 bytes)")
    wanted = _PARTS.get(path.suffix.lower(), set())
    beside = [part for part in path.parent.iterdir() if wanted and part.stem == path.stem and part != path]
    return [path, *(part for part in beside if part.suffix.lower() in wanted)]


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
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            if sum(member.file_size for member in members) > shutil.disk_usage(archive.parent).free:
                raise SourceError(f"{archive.name} does not fit on the disk when unpacked")
            for member in members:
                # Archivers in China write GBK names without saying so; zipfile then reads them as code page 437.
                if not member.flag_bits & 0x800:
                    member.filename = member.filename.encode("cp437").decode("gb18030", errors="replace")
                packed.extract(member, folder)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise SourceError(f"{archive.name} cannot be unpacked: {error}", cause=error) from error
    databases = [found for found in folder.rglob("*.gdb") if found.is_dir()]
    files = [found for found in folder.rglob("*") if found.is_file() and found.suffix.lower() in _KINDS]
    found = databases or files
    if len(found) != 1:
        names = ", ".join(sorted(str(file.relative_to(folder)) for file in found)) or "none"
        raise SourceError(
            f"{archive.name} must hold one data set, it holds {len(found)}: {names}; unpack it and name them"
        )
    return found[0]
