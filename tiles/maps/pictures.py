"""Map tiles in the forms of pictures: PNG, JPEG, GeoTIFF and netCDF.

References
----------
OGC 20-057, requirements classes png, jpeg, tiff and netcdf. OGC 19-008r4, GeoTIFF 1.1. CF Conventions 1.8, 5.6 "Grid
mappings".
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.maps.pieces import PIXELS
from twin.crs import CRS, BBox
from twin.datums import publishable
from twin.looks import PAPER
from twin.paper import FONT_FAMILY, FONT_FILE

Cells = npt.NDArray[np.uint8]

#: What the bands of a picture are called.
BANDS = ("red", "green", "blue", "alpha")
_JPEG_QUALITY = 85


def write_png(svg: str) -> bytes:
    """Draw an SVG, as PNG with transparency where nothing is drawn."""
    import resvg_py

    fonts = [str(FONT_FILE)]
    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=fonts, font_family=FONT_FAMILY)
    )


def write_jpeg(png: bytes) -> bytes:
    """Write a picture as JPEG, on the paper of maps where it is transparent."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as drawn:
        paper = Image.new("RGBA", drawn.size, PAPER)
        paper.alpha_composite(drawn.convert("RGBA"))
    written = io.BytesIO()
    paper.convert("RGB").save(written, "JPEG", quality=_JPEG_QUALITY)
    return written.getvalue()


def write_geotiff(png: bytes, box: BBox, crs: CRS) -> bytes:
    """Write a picture of a square of a CRS as GeoTIFF: red, green, blue, and alpha."""
    from rasterio.io import MemoryFile

    with MemoryFile() as file:
        with file.open(driver="GTiff", compress="deflate", photometric="RGB", alpha="YES", **_place(box, crs)) as image:
            image.write(_read_cells(png))
        return bytes(file.read())


def write_netcdf(png: bytes, box: BBox, crs: CRS) -> bytes:
    """Write a picture of a square of a CRS as netCDF: variables red, green, blue and alpha over y and x, 0 to 255.

    The file is of the classic model, whose bytes have signs; ``_Unsigned`` says that these have none.
    """
    from scipy.io import netcdf_file

    cells, written = _read_cells(png), io.BytesIO()
    file = netcdf_file(written, "w")
    _describe(file, {"Conventions": "CF-1.8"})
    axes = {axis["axis"]: axis for axis in crs.cs_to_cf()}
    for name, places in (("y", _middles(box.north, box.south)), ("x", _middles(box.west, box.east))):
        file.createDimension(name, PIXELS)
        _write_variable(file.createVariable(name, "f8", (name,)), places, axes[name.upper()])
    _write_variable(file.createVariable("crs", "i4", ()), np.int32(0), publishable(crs).to_cf())
    for band, name in enumerate(BANDS):
        about = {"long_name": f"{name} of the map", "_Unsigned": "true", "grid_mapping": "crs"}
        _write_variable(file.createVariable(name, "i1", ("y", "x")), cells[band].view(np.int8), about)
    file.flush()
    return written.getvalue()


def _write_variable(variable: Any, values: Any, attributes: Mapping[str, Any]) -> None:
    variable.data[...] = values
    _describe(variable, attributes)


def _describe(holder: Any, attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(holder, name, value.encode() if isinstance(value, str) else value)


def _middles(first: float, last: float) -> npt.NDArray[np.float64]:
    """The middles of pixels between two edges."""
    return first + (np.arange(PIXELS) + 0.5) * (last - first) / PIXELS


def _read_cells(png: bytes) -> Cells:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as drawn:
        return np.moveaxis(np.asarray(drawn.convert("RGBA")), 2, 0)


def _place(box: BBox, crs: CRS) -> dict[str, Any]:
    from rasterio import Affine

    side = (box.east - box.west) / PIXELS
    shape = {"count": len(BANDS), "dtype": "uint8", "width": PIXELS, "height": PIXELS}
    return {**shape, "crs": publishable(crs).to_wkt(), "transform": Affine(side, 0, box.west, 0, -side, box.north)}
