"""Scenes as files by path: the tileset, and the contents of its tiles, each made when it is asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tiles.reading import FrameReader, PinnedFrames
from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.forms import BLOCK, Form, forms_of
from tiles.scenes.models import SHELL, WHOLE, ModelStage, Standing
from tiles.scenes.plan import Address, Cell
from tiles.scenes.stage import Stage
from tiles.scenes.tileset import Group, describe_scene, name_content
from twin.errors import InvalidParameter, SceneNotFound
from twin.heights import GeoidOffset
from twin.layer import Layer
from twin.query import AsOf

#: Part of every ETag; a change of what is written for the same rows raises it.
SCENE_VERSION = 3
TILESET = "tileset.json"

_MEDIA_TYPES = {"glb": "model/gltf-binary", "b3dm": "application/octet-stream"}

_CONTENT = re.compile(r"([a-z0-9_]+)/(\d{1,2})/(\d{1,6})/(\d{1,6})/([a-z]+)\.(glb|b3dm)")

_OF_MODEL = re.compile(r"([a-z0-9_]+)/([0-9a-f]{64})/([a-z]+)\.(glb|b3dm)")


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
        Each with solids or models.
    frames
        Where their rows come from.
    geoid
        How high 1985 heights lie above the ellipsoid.
    as_of
        Revision number or instant; the current state by default.
    encoding
        How files are written.
    elements
        Layers that those with models name as their elements, by id.
    """

    layers: tuple[Layer, ...]
    frames: FrameReader
    geoid: GeoidOffset
    as_of: AsOf | None = None
    encoding: Encoding = PLAIN
    elements: Mapping[str, Layer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for layer in self.layers:
            if not is_drawn(layer, self.elements):
                raise InvalidParameter(f"nothing says what {layer.id} is in space", parameter="layers")

    @property
    def key(self) -> Hashable:
        """What tells this source from the others over the same store."""
        return tuple(layer.id for layer in self.layers), self.geoid, self.as_of, self.encoding

    def etag(self, path: str) -> str:
        """The entity tag of a file, known without making it."""
        states = [f"{layer.id}@{self._name_revision(layer)}" for layer in self._behind(path)]
        content = _CONTENT.fullmatch(path)
        if content is not None:
            states += [key for layer in self.layers if layer.id == content[1] for key in sorted(self._apart(layer))]
        twin = self.frames.store.created_at.isoformat()
        known = "/".join(
            [twin, *states, repr(self.as_of), repr(self.geoid), repr(self.encoding), path, str(SCENE_VERSION)]
        )
        return f'"{hashlib.sha256(known.encode()).hexdigest()[:32]}"'

    def held(self, path: str = TILESET) -> SceneSource:
        """The same source with the rows that there are now, whatever is written later: those that a file needs."""
        as_of = self.frames.store.latest() if self.as_of is None else self.as_of
        needed = {layer.id: layer for layer in self._behind(path)}
        for other in self.layers:
            if other.models is not None and other.models.instead_of[0] in needed:
                needed |= {other.id: other, other.models.elements: self.elements[other.models.elements]}
        now = {name: self.frames.get(layer, as_of) for name, layer in needed.items()}
        return replace(self, frames=PinnedFrames.only(self.frames, now))

    def contents(self) -> list[str]:
        """The paths of all files but the tileset."""
        models = [
            path
            for group in self._groups()
            for path in (
                *((group.block[2],) if group.block is not None else ()),
                *(f"{folder}/{form}" for folder in group.models for form in (SHELL, WHOLE)),
            )
        ]
        squares = [
            f"{layer.id}/{name_content(cell, form)}"
            for layer in self.layers
            if layer.solids is not None
            for plan in (self.stage(layer).plan,)
            for cell in plan.cells.values()
            for form in forms_of(plan.solids, quartered=bool(cell.parts))
        ]
        return [f"{path}.{self.encoding.suffix}" for path in squares + models]

    def describe(self) -> dict[str, Any]:
        """Say how many features of each layer are drawn, and why others are not."""
        return {
            "geoid_offset_m": self.geoid.offset_m,
            "geoid_source": self.geoid.source,
            "layers": {layer.id: self._describe(layer) for layer in self.layers},
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
            plans = {layer.id: self.stage(layer).plan for layer in self.layers if layer.solids is not None}
            extras = self.describe()
            scene = describe_scene(plans, self._groups(), query=query, extras=extras, encoding=self.encoding)
            text = json.dumps(scene, ensure_ascii=False, separators=(",", ":"))
            return ScenePart(data=text.encode(), media_type="application/json")
        return ScenePart(data=self._draw(path), media_type=_MEDIA_TYPES[self.encoding.suffix])

    def stage(self, layer: Layer) -> Stage:
        """What the tiles of a layer with solids are drawn from."""
        return Stage.of(self.frames.get(layer, self.as_of), self.geoid, self._apart(layer))

    def models(self, layer: Layer) -> ModelStage:
        """What the models of a layer are drawn from."""
        assert layer.models is not None
        elements = self.frames.get(self.elements[layer.models.elements], self.as_of)
        return ModelStage.of(self.frames.get(layer, self.as_of), elements, self.frames.store, self.geoid)

    def _draw(self, path: str) -> bytes:
        squares, model = _CONTENT.fullmatch(path), _OF_MODEL.fullmatch(path)
        layers = {layer.id: layer for layer in self.layers}
        if squares is not None and squares[1] in layers and squares[6] == self.encoding.suffix:
            found = self._find(layers[squares[1]], (int(squares[2]), int(squares[3]), int(squares[4])), squares[5])
            if found is not None:
                return self.stage(layers[squares[1]]).draw(*found, self.encoding)
        if model is not None and model[1] in layers and model[4] == self.encoding.suffix:
            layer, digest, form = layers[model[1]], model[2], model[3]
            if layer.models is not None and digest in self.models(layer).standing:
                if form in (SHELL, WHOLE):
                    return self.models(layer).draw(digest, form, self.encoding)
                key, blocks = self.models(layer).standing[digest].instead_of, layers.get(layer.models.instead_of[0])
                if (
                    form == BLOCK.name
                    and blocks is not None
                    and key is not None
                    and key in self.stage(blocks).plan.apart
                ):
                    return self.stage(blocks).draw_one(key, BLOCK, self.encoding)
        raise SceneNotFound(f"the scene has no {path}; its tileset names what it has")

    def _find(self, layer: Layer, address: Address, name: str) -> tuple[Cell, Form] | None:
        if layer.solids is None:
            return None
        plan = self.stage(layer).plan
        cell = plan.cells.get(address)
        forms = () if cell is None else forms_of(plan.solids, quartered=bool(cell.parts))
        return next(((cell, form) for form in forms if cell is not None and form.name == name), None)

    def _apart(self, layer: Layer) -> frozenset[str]:
        """Which features of a layer stand apart from its squares, since models of the scene take their place."""
        return frozenset(
            model.instead_of
            for other in self.layers
            if other.models is not None and other.models.instead_of[0] == layer.id
            for model in self.models(other).standing.values()
            if model.instead_of is not None
        )

    def _groups(self) -> list[Group]:
        """The models of the scene by what they take the place of."""
        layers = {layer.id: layer for layer in self.layers}
        groups = []
        for layer in self.layers:
            if layer.models is None:
                continue
            blocks = layers.get(layer.models.instead_of[0])
            plan = None if blocks is None else self.stage(blocks).plan
            together: dict[str, dict[str, Standing]] = {}
            for digest, model in self.models(layer).standing.items():
                together.setdefault(model.instead_of or digest, {})[f"{layer.id}/{digest}"] = model
            for key, models in together.items():
                block = None
                if plan is not None and key in plan.apart:
                    box = plan.solids.take(np.array([plan.apart[key]])).boxes()[0]
                    block = (plan.place, box, f"{next(iter(models))}/{BLOCK.name}")
                groups.append(Group(models=models, block=block))
        return groups

    def _behind(self, path: str) -> list[Layer]:
        """The layers whose rows a file is made from."""
        if path == TILESET:
            return [*self.layers, *self.elements.values()]
        return [layer for layer in (*self.layers, *self.elements.values()) if layer.id in self._names_behind(path)]

    def _names_behind(self, path: str) -> set[str]:
        name, _, rest = path.partition("/")
        models = next((layer.models for layer in self.layers if layer.id == name), None)
        if models is None:
            return {name}
        of_block = Path(rest).stem == BLOCK.name
        return {name, models.instead_of[0] if of_block else models.elements}

    def _name_revision(self, layer: Layer) -> str:
        return self.frames.name_revision(self.frames.get(layer, self.as_of).revision)

    def _describe(self, layer: Layer) -> dict[str, Any]:
        if layer.models is not None:
            models = self.models(layer)
            there, drawn = len(models.frame), len(models.standing)
            lost = {"nothing to draw": there - drawn} if drawn < there else {}
            return {
                "revision": models.frame.revision,
                "features": there,
                "drawn": drawn,
                "left_out": lost,
                "assumed": {},
            }
        stage = self.stage(layer)
        made = stage.plan.solids
        return {
            "revision": stage.frame.revision,
            "features": len(stage.frame),
            "drawn": len(made),
            "left_out": dict(made.left_out),
            "assumed": dict(made.assumed),
        }


def is_drawn(layer: Layer, elements: Mapping[str, Layer]) -> bool:
    """Whether a layer is something in space: it has solids, or models whose elements are at hand too."""
    return layer.solids is not None or (layer.models is not None and layer.models.elements in elements)


def find_elements(layers: Iterable[Layer], all_layers: Mapping[str, Layer]) -> dict[str, Layer]:
    """The layers of elements that some layers name, of those that there are."""
    names = {layer.models.elements for layer in layers if layer.models is not None}
    return {name: all_layers[name] for name in sorted(names & all_layers.keys())}
