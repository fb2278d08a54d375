"""Drawings on paper: lines, areas and words in millimetres, as SVG and PNG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

#: The font that ships, so that Chinese words are there on every machine.
FONT_FILE = Path(__file__).parent / "fonts" / "wqy-microhei.ttf"
FONT_FAMILY = "WenQuanYi Micro Hei"
_MM_PER_INCH = 25.4

Points = Sequence[tuple[float, float]]


class Paper:
    """A sheet of paper; x goes to the right and y down, from the upper left corner, in millimetres.

    Parameters
    ----------
    width_mm, height_mm
        Size of the sheet.
    title
        What the drawing is called, for those who cannot see it.
    """

    def __init__(self, width_mm: float, height_mm: float, *, title: str) -> None:
        self.width_mm, self.height_mm = width_mm, height_mm
        self._root = ET.Element(
            "svg",
            xmlns="http://www.w3.org/2000/svg",
            width=f"{width_mm:g}mm",
            height=f"{height_mm:g}mm",
            viewBox=f"0 0 {width_mm:g} {height_mm:g}",
            role="img",
        )
        ET.SubElement(self._root, "title").text = title
        self._add("rect", width=width_mm, height=height_mm, fill="#ffffff")

    def line(self, points: Points, *, color: str = "#000000", width_mm: float = 0.25, dashes: str = "") -> None:
        """Draw a line through points; `dashes` as SVG has them (``"2 1"``)."""
        looks = {"stroke_dasharray": dashes} if dashes else {}
        self._add(
            "polyline", points=_pairs(points), fill="none", stroke=color, stroke_width=width_mm, **looks,
            stroke_linejoin="round",
        )  # fmt: skip

    def area(
        self,
        points: Points,
        *,
        fill: str,
        color: str = "none",
        width_mm: float = 0.25,
        opacity: float = 1,
        holes: Sequence[Points] = (),
    ) -> None:
        """Fill the area within points but for the holes, with an outline if it has a colour."""
        looks: dict[str, str | float] = {
            "fill": fill,
            "fill_opacity": opacity,
            "stroke": color,
            "stroke_width": width_mm,
        }
        if holes:
            rings = "".join(f"M{_pairs(ring)}Z" for ring in (points, *holes))
            self._add("path", d=rings, fill_rule="evenodd", **looks)
        else:
            self._add("polygon", points=_pairs(points), **looks)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, *, fill: str, color: str = "#000000", width_mm: float = 0.25
    ) -> None:
        """Draw an ellipse about a centre."""
        self._add("ellipse", cx=x, cy=y, rx=rx, ry=ry, fill=fill, stroke=color, stroke_width=width_mm)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size_mm: float = 2.5,
        anchor: Literal["start", "middle", "end"] = "start",
        upwards: bool = False,
        color: str = "#000000",
    ) -> None:
        """Write words with a white rim, from, about or up to a point; `upwards`: to be read from the right."""
        turned = {"transform": f"rotate(-90 {x:g} {y:g})"} if upwards else {}
        self._add(
            "text", x=x, y=y, font_size=size_mm, text_anchor=anchor, fill=color, stroke="#ffffff",
            stroke_width=size_mm / 5, paint_order="stroke", font_family=FONT_FAMILY, **turned
        ).text = words  # fmt: skip

    def svg(self) -> str:
        """The drawing as an SVG document."""
        return ET.tostring(self._root, encoding="unicode", xml_declaration=False)

    def png(self, *, dpi: float = 150) -> bytes:
        """The drawing as a PNG picture of so many dots per inch."""
        import resvg_py

        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=self.svg(),
                skip_system_fonts=True,
                font_files=[str(FONT_FILE)],
                font_family=FONT_FAMILY,
                dpi=dpi,
            )
        )

    def _add(self, tag: str, **attributes: str | float) -> ET.Element:
        written = {
            name.replace("_", "-"): value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")
            for name, value in attributes.items()
        }
        return ET.SubElement(self._root, tag, written)


def _pairs(points: Points) -> str:
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in points)
