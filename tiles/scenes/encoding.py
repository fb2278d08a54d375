"""How the files of a scene are written, by what their reader understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Edition = Literal["1.1", "1.0"]
Compression = Literal["none", "meshopt"]


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What a client asks for.

    Parameters
    ----------
    edition
        Of 3D Tiles: 1.1 has contents in glTF with tables of properties, 1.0 the same meshes as b3dm with batch tables,
        which older clients, QGIS and game engines read.
    compress
        ``meshopt``: about a fifth of the bytes for clients that know EXT_meshopt_compression, places to 0.5 mm.
    """

    edition: Edition = "1.1"
    compress: Compression = "none"

    @property
    def suffix(self) -> str:
        """What contents are called by."""
        return "glb" if self.edition == "1.1" else "b3dm"


#: For every reader of 3D Tiles 1.1.
PLAIN = Encoding()
