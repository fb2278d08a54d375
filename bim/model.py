"""What a building model is, whatever it was read from: plain tables and arrays, in metres and other units of SI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bim.georeference.levels import Levels

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The file that a model was read from.

    Parameters
    ----------
    name
        The file as its deliverer calls it.
    sha256
        Digest of the delivered bytes.
    schema
        The schema it declares.
    read_as
        The schema it was read as.
    normalised
        What was changed to read it, in words; nothing for most files.
    faults
        What its text has that the schema does not allow.
    application
        The program that wrote it.
    """

    name: str
    sha256: str
    schema: str
    read_as: str
    normalised: tuple[str, ...]
    faults: tuple[str, ...]
    application: str


@dataclass(frozen=True, kw_only=True)
class Units:
    """The units that a file writes numbers in, as factors to SI.

    Parameters
    ----------
    length_m
        Metres in its unit of length.
    factors
        Factor to SI by type of unit, as IFC names it (`AREAUNIT`); what is absent is in SI.
    offsets
        What is added after that: 273.15 where temperatures are in degrees Celsius.
    notes
        What is missing in the file or makes no sense, and what was taken instead.
    """

    length_m: float
    factors: dict[str, float]
    offsets: dict[str, float]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shapes:
    """Triangles of the elements: every different mesh once, and where it stands.

    A point of an instance in the model is `transform @ (x, y, z, 1)`.

    Parameters
    ----------
    vertices
        n × 3 in metres, each mesh in coordinates of its own.
    triangles
        t × 3, corners of a triangle as rows of its mesh's own vertices, counter-clockwise seen from outside.
    surfaces
        t rows of `looks`.
    vertex_offsets, triangle_offsets
        m + 1: mesh i has the vertices from `vertex_offsets[i]` to `vertex_offsets[i + 1]`, triangles likewise.
    looks
        k × 4, red, green, blue, opacity, 0 to 1.
    look_names
        k names that the file gives them.
    elements, meshes
        s instances: rows of the model's elements, and which mesh each shows.
    transforms
        s × 4 × 4 from a mesh to the model, metres.
    """

    vertices: Floats
    triangles: Integers
    surfaces: Integers
    vertex_offsets: npt.NDArray[np.int64]
    triangle_offsets: npt.NDArray[np.int64]
    looks: Floats
    look_names: tuple[str, ...]
    elements: Integers
    meshes: Integers
    transforms: Floats

    def place(self, instance: int) -> tuple[Floats, Integers]:
        """Vertices (n × 3, metres of the model) and triangles (t × 3) of one instance."""
        mesh = self.meshes[instance]
        vertices = self.vertices[self.vertex_offsets[mesh] : self.vertex_offsets[mesh + 1]]
        triangles = self.triangles[self.triangle_offsets[mesh] : self.triangle_offsets[mesh + 1]]
        transform = self.transforms[instance]
        return vertices @ transform[:3, :3].T + transform[:3, 3], triangles


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A building model.

    Coordinates are those of the file's project in metres: placements of sites, buildings and storeys are applied, the
    WorldCoordinateSystem of the representation context and map conversions are not: `bim.placing` takes care of those.

    Parameters
    ----------
    source
        The file.
    units
        Its units, all converted already.
    elements
        A row for each product, sites, buildings, storeys and spaces among them; columns in `bim.ifc.elements`.
    types
        A row for each type object that an element names by `type`.
    properties
        Properties and quantities of elements and types; columns in `bim.ifc.properties`.
    materials
        What elements and types are made of.
    classifications
        What they are by systems of classification.
    shapes
        Their triangles.
    levels
        What the file says of its place.
    notes
        What came to light while it was read.
    seconds
        How long it took to read.
    """

    source: Source
    units: Units
    elements: pd.DataFrame
    types: pd.DataFrame
    properties: pd.DataFrame
    materials: pd.DataFrame
    classifications: pd.DataFrame
    shapes: Shapes
    levels: Levels
    notes: tuple[str, ...]
    seconds: float

    def properties_of(self, element: int) -> pd.DataFrame:
        """Properties and quantities of one element (its row): its own, and those of its type that it does not have."""
        import pandas as pd

        rows, of_type = self.properties["row"], self.properties["of_type"]
        kind = self.elements["type"].to_numpy()[element]
        found = pd.concat([self.properties[(rows == element) & ~of_type], self.properties[(rows == kind) & of_type]])
        first: pd.DataFrame = found.drop_duplicates(["set", "name"]).reset_index(drop=True)
        return first

    def count_outcomes(self) -> pd.DataFrame:
        """Products by class: how many there are, and what came of their shapes (see `bim.ifc.elements.OUTCOMES`)."""
        import pandas as pd

        counts: pd.DataFrame = pd.crosstab(self.elements["class"], self.elements["outcome"])
        return counts
