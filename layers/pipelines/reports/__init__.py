"""The report on a delivery as a file: a workbook, a page, features on the map, or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import InvalidParameter, SourceError
from twin.intake import REPORT_FORMATS

if TYPE_CHECKING:
    from layers.pipelines.report import Acceptance


def write_report(report: Acceptance, path: Path) -> None:
    """Write a report in the format that the name of the file ends in; a file that is there is replaced.

    Raises
    ------
    InvalidParameter
        It ends in none of .xlsx, .html, .geojson and .json.
    SourceError
        The file cannot be written.
    """
    from layers.pipelines.reports.features import draw_features
    from layers.pipelines.reports.table import lay_out
    from twin.reporting.page import draw_page
    from twin.reporting.workbook import draw_workbook

    ways = {
        ".xlsx": lambda: draw_workbook(lay_out(report)),
        ".html": lambda: draw_page(lay_out(report)).encode(),
        ".geojson": lambda: json.dumps(draw_features(report), ensure_ascii=False).encode(),
        ".json": lambda: json.dumps(report.to_dict(), ensure_ascii=False, indent=2).encode(),
    }
    draw = ways.get(path.suffix.lower())
    if draw is None:
        raise InvalidParameter(f"a report ends in {', '.join(REPORT_FORMATS)}, not {path.name}", parameter="report")
    try:
        path.write_bytes(draw())
    except OSError as error:
        raise SourceError(f"the report {path} cannot be written: {error.strerror}", cause=error) from error
