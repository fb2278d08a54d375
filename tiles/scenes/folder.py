"""Scenes as folders of files, for any web server."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter
from typing import Any

from tiles.scenes.implicit import SUBTREE
from tiles.scenes.source import TILESET, SceneSource
from twin.errors import InvalidParameter, TwinError


@dataclass(frozen=True, kw_only=True)
class SceneReport:
    """What was written.

    Parameters
    ----------
    folder, files, bytes, seconds
        Where, how much, and how long it took.
    forms
        Bytes of the contents of each layer in each form, and of its subtrees.
    described
        What is drawn of each layer, and how much is not; see `SceneSource.describe`.
    """

    folder: str
    files: int
    bytes: int
    seconds: float
    forms: Mapping[str, int]
    described: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


def write_scene(
    source: SceneSource, folder: Path, *, overwrite: bool = False, watch: Callable[[str], None] = lambda _: None
) -> SceneReport:
    """Write all files of a scene to a folder, which appears whole or not at all.

    The rows are those of one moment, whatever is written meanwhile.

    Parameters
    ----------
    source
        What to write.
    folder
        Where; its parent is there.
    overwrite
        Whether a scene that is there gives way.
    watch
        Is told what is being done.

    Raises
    ------
    InvalidParameter
        The folder is there already and must not give way, or has no solid to show.
    """
    started = perf_counter()
    if folder.exists() and not (overwrite and (folder / TILESET).is_file()):
        hint = "give --overwrite to replace it" if (folder / TILESET).is_file() else "and is no scene"
        raise InvalidParameter(f"{folder} is there already; {hint}", parameter="folder")
    watch("reading")
    source = source.held()
    paths = source.contents()
    if not paths:
        names = ", ".join(layer.id for layer in source.layers)
        raise InvalidParameter(f"there is no solid to draw in {names}", parameter="layers")
    try:
        draft = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.absolute().parent))
        try:
            sizes = _write_files(source, [*paths, *source.subtrees(), TILESET], draft, watch)
            draft.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise TwinError(f"{folder} cannot be written: {error.strerror or error}", cause=error) from error
    forms: Counter[str] = Counter()
    for path, size in sizes.items():
        if path != TILESET:
            kind = SUBTREE if Path(path).suffix == f".{SUBTREE}" else Path(path).stem
            forms[f"{path.partition('/')[0]} {kind}"] += size
    return SceneReport(
        folder=str(folder),
        files=len(sizes),
        bytes=sum(sizes.values()),
        seconds=round(perf_counter() - started, 3),
        forms=dict(sorted(forms.items())),
        described=source.describe(),
    )


def _write_files(source: SceneSource, paths: list[str], folder: Path, watch: Callable[[str], None]) -> dict[str, int]:
    """Write files on all cores; return their sizes."""

    def write(path: str) -> int:
        data = source.part(path).data
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place.write_bytes(data)

    sizes = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, size in zip(paths, pool.map(write, paths), strict=True):
            sizes[path] = size
            if len(sizes) % 16 == 0:
                watch(f"{len(sizes) / len(paths):.0%}, {sum(sizes.values()) / 1e6:.1f} MB")
    return sizes
