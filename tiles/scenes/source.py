"""Scenes as files by path: the tileset, and the contents of its tiles, each made when it is asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from tiles.reading import FrameReader, PinnedFrames
from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.forms import Form, forms_of
from tiles.scenes.plan import Cell
from tiles.scenes.stage import Stage
from tiles.scenes.tileset import describe_scene, name_content
from twin.errors import InvalidParameter, SceneNotFound
from twin.heights import GeoidOffset
from twin.layer import Layer
from twin.query import AsOf

#: Part of every ETag; a change of what is written for the same rows raises it.
SCENE_VERSION = 2
TILESET = "tileset.json"

_MEDIA_TYPES = {"glb": "model/gltf-binary", "b3dm": "application/octet-stream"}

_CONTENT = re.compile(r"([a-z0-9_]+)/(\d{1,2})/(\d{1,6})/(\d{1,6})/([a-z]+)\.(glb|b3dm)")


@dataclass(frozen=True, kw_only=True)
class ScenePart:
    """A file of a scene.

    Parameters
    ----------
    data, media_type
        Its bytes, and what they are.
    """

    data: bytes
    media_type: str


@dataclass(frozen=True, kw_only=True)
class SceneSource:
    """Layers in space, as 3D Tiles 1.1.

    Parameters
    ----------
    layers
        Each with solids.
    frames
        Where their rows come from.
    geoid
        How high 1985 heights lie above the ellipsoid.
    as_of
        Revision number or instant; the current state by default.
    encoding
        How files are written.
    """

    layers: tuple[Layer, ...]
    frames: FrameReader
    geoid: GeoidOffset
    as_of: AsOf | None = None
    encoding: Encoding = PLAIN

    def __post_init__(self) -> None:
        for layer in self.layers:
            if layer.solids is None:
                raise InvalidParameter(f"nothing says what {layer.id} is in space", parameter="layers")

    @property
    def key(self) -> Hashable:
        """What tells this source from the others over the same store."""
        return tuple(layer.id for layer in self.layers), self.geoid, self.as_of, self.encoding

    def etag(self, path: str) -> str:
        """The entity tag of a file, known without making it."""
        content = _CONTENT.fullmatch(path)
        layers = [layer for layer in self.layers if content is None or layer.id == content[1]]
        states = [
            f"{layer.id}@{self.frames.name_revision(self.frames.get(layer, self.as_of).revision)}" for layer in layers
        ]
        twin = self.frames.store.created_at.isoformat()
        known = "/".join(
            [twin, *states, repr(self.as_of), repr(self.geoid), repr(self.encoding), path, str(SCENE_VERSION)]
        )
        return f'"{hashlib.sha256(known.encode()).hexdigest()[:32]}"'

    def held(self) -> SceneSource:
        """The same source with the rows that there are now, whatever is written later."""
        as_of = self.frames.store.latest() if self.as_of is None else self.as_of
        now = {layer.id: self.frames.get(layer, as_of) for layer in self.layers}
        return replace(self, frames=PinnedFrames.only(self.frames, now))

    def contents(self) -> list[str]:
        """The paths of all files but the tileset."""
        return [
            f"{layer.id}/{name_content(cell, form)}.{self.encoding.suffix}"
            for layer in self.layers
            for plan in (self.stage(layer).plan,)
            for cell in plan.cells.values()
            for form in forms_of(plan.solids, quartered=bool(cell.parts))
        ]

    def describe(self) -> dict[str, Any]:
        """Say how many features of each layer are drawn, and why others are not."""
        return {
            "geoid_offset_m": self.geoid.offset_m,
            "geoid_source": self.geoid.source,
            "layers": {layer.id: _describe(self.stage(layer)) for layer in self.layers},
        }

    def part(self, path: str, *, query: str = "") -> ScenePart:
        """Make a file.

        Parameters
        ----------
        path
            Below the folder of the scene.
        query
            What addresses in the tileset end with.

        Raises
        ------
        SceneNotFound
            The scene has no such file.
        """
        if path == TILESET:
            plans = {layer.id: self.stage(layer).plan for layer in self.layers}
            scene = describe_scene(plans, query, self.describe(), self.encoding)
            text = json.dumps(scene, ensure_ascii=False, separators=(",", ":"))
            return ScenePart(data=text.encode(), media_type="application/json")
        stage, cell, form = self._find(path)
        return ScenePart(data=stage.draw(cell, form, self.encoding), media_type=_MEDIA_TYPES[self.encoding.suffix])

    def stage(self, layer: Layer) -> Stage:
        """What the tiles of a layer are drawn from."""
        return Stage.of(self.frames.get(layer, self.as_of), self.geoid)

    def _find(self, path: str) -> tuple[Stage, Cell, Form]:
        found = _CONTENT.fullmatch(path)
        layers = {layer.id: layer for layer in self.layers}
        if found is not None and found[1] in layers and found[6] == self.encoding.suffix:
            stage = self.stage(layers[found[1]])
            cell = stage.plan.cells.get((int(found[2]), int(found[3]), int(found[4])))
            forms = () if cell is None else forms_of(stage.plan.solids, quartered=bool(cell.parts))
            named = {form.name: form for form in forms}
            if cell is not None and found[5] in named:
                return stage, cell, named[found[5]]
        raise SceneNotFound(f"the scene has no {path}; its tileset names what it has")


def _describe(stage: Stage) -> dict[str, Any]:
    made = stage.plan.solids
    return {
        "revision": stage.frame.revision,
        "features": len(stage.frame),
        "drawn": len(made),
        "left_out": dict(made.left_out),
        "assumed": dict(made.assumed),
    }
