"""What delivered values mean where a standard allows several ways to say it.

Each function takes a table whose columns are called as the fields are, and gives it back with the values of the fields,
or with the value as delivered where it means nothing: that becomes a fault when values are converted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.attributes import (
    DEPTH_REFS,
    EMBEDDINGS,
    PRESSURE_CLASSES,
    pressure_class,
    usual_depth_ref,
)
from layers.pipelines.codes.classes import CLASSES, find_class
from layers.pipelines.codes.feature_codes import decode_feature_code
from layers.pipelines.codes.points import APPURTENANCE_CODES, FEATURE_CODES
from layers.pipelines.section import parse_size
from twin.errors import InvalidParameter
from twin.ingest.convert import parse_numbers, read_text
from twin.ingest.names import normalise_name
from twin.moments import CHINA
from twin.schema import Code

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]

#: Between words of the name of a file or sheet.
_BETWEEN = re.compile(r"[\s_\-./\\,()\[\]（）]+")
_KIND_WORDS = re.compile(r"(POINT|LINE|NODE|PIPE|管线点表?|管线段表?|点表?|线表?|管点|管段|[LP])$", re.IGNORECASE)
_YEAR = re.compile(r"((?:18|19|20|21)\d\d)(?:\D.*|\d{2}|\d{4})?")
#: Of a date as mdb-export writes it.
_EXPORTED = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_PRESSURE_UNITS = {"mpa": 1.0, "kpa": 1e-3, "pa": 1e-6}
#: What a side or diameter may be: less is metres or a slip of the pen.
_SIZES_MM = (1.0, 20_000.0)
_VOLTAGE_UNITS = {"kv": 1.0, "v": 1e-3}


def translate(column: Column, find: Callable[[str], Any]) -> Column:
    """Replace each distinct text by what it stands for, and leave it where that is None."""
    import pandas as pd

    text = read_text(column)
    codes, distinct = pd.factorize(text)
    found = [find(value) for value in distinct]
    means = np.array([*(v if f is None else f for v, f in zip(distinct, found, strict=True)), None], dtype=object)
    return pd.Series(means[codes], index=column.index, dtype="str")


def read_classes(given: pd.DataFrame, table: str) -> tuple[pd.DataFrame, str | None]:
    """Class and sub-class of rows, by the first that says it: their column, the feature code, the name of the table.

    Returns
    -------
    tuple
        The table with ``class`` and ``subclass``; what decided, None where nothing says it.
    """
    named = find_table_class(table)
    for name, find in (("class", find_class), ("feature_code", _class_of_code)):
        if name in given and read_text(given[name]).notna().any():
            pairs = {text: find(text) for text in read_text(given[name]).dropna().unique()}
            if any(pairs.values()):
                return _with_classes(given, name, pairs), f"column {name}"
    if named is None:
        return given, None
    class_code, subclass = named
    said = {"class": class_code} if subclass is None else {"class": class_code, "subclass": subclass}
    return given.assign(**{k: v for k, v in said.items() if k not in given}), f"the name {table}"


def _with_classes(given: pd.DataFrame, name: str, pairs: Mapping[str, tuple[str, str | None] | None]) -> pd.DataFrame:
    text = read_text(given[name])
    classes = text.map({key: key if pair is None else pair[0] for key, pair in pairs.items()})
    subclasses = text.map({key: pair[1] for key, pair in pairs.items() if pair is not None and pair[1]}).astype("str")
    if "subclass" in given:
        told = translate(given["subclass"], lambda value: (find_class(value) or (None, None))[1])
        subclasses = told.where(told.notna(), subclasses)
    return given.assign(**{"class": classes.astype("str"), "subclass": subclasses})


def _class_of_code(text: str) -> tuple[str, str | None] | None:
    try:
        subclass = decode_feature_code(text).subclass
    except InvalidParameter:
        return find_class(text)
    return find_class(subclass)


def find_table_class(name: str) -> tuple[str, str | None] | None:
    """The class that the name of a sheet or file names: ``JSPOINT``, ``PS_LINE``, ``污水管线点``."""
    for word in reversed([*filter(None, _BETWEEN.split(name))]):
        found = find_class(_KIND_WORDS.sub("", word)) or find_class(word)
        if found is not None and not word.isdigit():
            return found
    return next((found for each in CLASSES if each.title_zh in name and (found := find_class(each.code))), None)


def read_sizes(given: pd.DataFrame, factors: Mapping[str, float]) -> pd.DataFrame:
    """Sections in mm, as they are written or, width and height, in columns of their own; ``size`` has what is written.

    Parameters
    ----------
    given
        The table.
    factors
        What makes mm of each of the three columns.
    """
    import pandas as pd

    size = (
        read_text(given["diameter_mm"]) if "diameter_mm" in given else pd.Series(None, index=given.index, dtype="str")
    )
    size = size.mask(size.isin(["0", "/", "-", "无"]))
    codes, distinct = pd.factorize(size)
    parsed = [parse_size(text) or () for text in distinct]
    parts = np.full((len(parsed) + 1, 3), np.nan)
    for row, sizes in enumerate(parsed):
        if len(sizes) == 1:
            parts[row, 0] = sizes[0]
        elif sizes:
            parts[row, 1:] = sizes
    parts *= factors["diameter_mm"]
    parts[(parts < _SIZES_MM[0]) | (parts > _SIZES_MM[1])] = np.nan  # a finding by what is written, not by the field
    diameter, width, height = np.round(parts[codes], 6).T
    return given.assign(
        size=size,
        diameter_mm=diameter,
        width_mm=_fill_side(width, given.get("width_mm"), factors["width_mm"]),
        height_mm=_fill_side(height, given.get("height_mm"), factors["height_mm"]),
    )


def _fill_side(side: npt.NDArray[np.float64], column: Column | None, factor: float) -> Any:
    """A side of sections as they are written, else of the column of its own, which stays where it is no number."""
    if column is None:
        return side
    numbers, bad = parse_numbers(column)
    with np.errstate(over="ignore"):
        filled = np.where(np.isnan(side), np.round(numbers * factor, 6), side).astype(object)
    return np.where(bad & np.isnan(side), column.to_numpy(object), filled)


def read_flow(given: pd.DataFrame, digits: str) -> pd.DataFrame:
    """Directions of flow: ``+`` and ``-``, words, and digits where the operator says what they stand for."""
    if "flow_direction" not in given:
        return given
    signs = {"+": "forward", "＋": "forward", "-": "backward", "－": "backward", "—": "backward", "±": "both"}
    for pair in filter(None, digits.split(",")):
        digit, _, meaning = (part.strip() for part in pair.partition("="))
        if meaning not in ("forward", "backward", "both", "unknown"):
            raise InvalidParameter(
                f"flow {pair!r} is not as 0=forward, 1=backward, 2=both or 2=unknown", parameter="flow"
            )
        signs[digit] = "" if meaning == "unknown" else meaning
    flow = translate(given["flow_direction"], signs.get)
    return given.assign(flow_direction=flow.mask(flow == ""))


def read_points(given: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Features and appurtenances: what stands in the column of the other goes there, if that is free.

    Returns
    -------
    tuple
        The table; how many values were moved.
    """
    import pandas as pd

    empty = pd.Series(None, index=given.index, dtype="str")
    texts = {name: read_text(given[name]) if name in given else empty for name in ("feature", "appurtenance")}
    known = {"feature": _spellings(FEATURE_CODES), "appurtenance": _spellings(APPURTENANCE_CODES)}
    moved = 0
    normal = {name: _normal(text) for name, text in texts.items()}
    for name, other in (("feature", "appurtenance"), ("appurtenance", "feature")):
        wrong = normal[name].isin(known[other]) & ~normal[name].isin(known[name])
        free = wrong & (normal[other].isna() | (normal[other] == normal[name]))
        moved += int(free.sum())
        values = texts[name].copy()
        texts[other] = texts[other].mask(free, values)
        # Where the other column says more, as 雨水井 beside 检查井, nothing is lost.
        texts[name] = texts[name].mask(free | (wrong & normal[other].isin(known[other])))
        normal = {key: _normal(text) for key, text in texts.items()}
    return given.assign(**texts), moved


def _normal(text: Column) -> Column:
    """Names as they are compared; each distinct one is looked at once."""
    return text.map({name: normalise_name(name) for name in text.dropna().unique()}).astype("str")


def _spellings(codes: tuple[Code, ...]) -> frozenset[str]:
    return frozenset(_values(codes))


def _values(codes: tuple[Code, ...]) -> dict[str, str]:
    """The value of each code by its spellings."""
    return {
        normalise_name(name): str(c.value) for c in codes for name in (str(c.value), c.title, c.title_zh, *c.aliases)
    }


def read_quantities(given: pd.DataFrame, factors: Mapping[str, float]) -> pd.DataFrame:
    """Year of laying from a date, pressure from a number with a unit or from the name of its class, voltage.

    Parameters
    ----------
    given
        The table.
    factors
        What makes MPa and kV of pressures and voltages that have no unit of their own.
    """
    if "built_year" in given:
        given = given.assign(built_year=translate(given["built_year"], _find_year))
    if "voltage_kv" in given:
        units = _VOLTAGE_UNITS | {"": factors["voltage_kv"]}
        given = given.assign(voltage_kv=translate(given["voltage_kv"], lambda text: _quantity(text, units)))
    if "pressure_mpa" not in given:
        return given
    units = _PRESSURE_UNITS | {"": factors["pressure_mpa"]}
    pressure = translate(given["pressure_mpa"], lambda text: _quantity(text, units))
    words = _normal(pressure).isin(_spellings(PRESSURE_CLASSES))
    if words.any() and "pressure_class" not in given:
        given = given.assign(pressure_class=pressure.where(words))
    return given.assign(pressure_mpa=pressure.mask(words))


def read_export_dates(given: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Dates as ``mdb-export`` writes those of an Access database, ``06/30/21 00:00:00``: the month stands first.

    Of the years that two digits may mean, the last that is not in the future is taken.

    Returns
    -------
    tuple
        The table; what to tell.

    References
    ----------
    mdb-export(1) of mdbtools: ``--datetime-format`` is ``%x %X`` of the C locale by default.
    """
    told = []
    for name in ("built_year", "survey_date"):
        text = read_text(given[name]).dropna() if name in given else None
        if text is not None and len(text) and text.str.fullmatch(_EXPORTED).all():
            given = given.assign(**{name: translate(given[name], _find_day)})
            told.append(
                f"dates of {name} are month/day/year, as mdb-export writes them, and none is in the future; "
                "mdb-export --datetime-format='%Y-%m-%d' writes whole years"
            )
    return given, tuple(told)


def _find_day(text: str) -> str | None:
    """The day of month/day/year; None where there is no such day."""
    try:
        day = datetime.strptime(text[:8], "%m/%d/%y").replace(tzinfo=CHINA)
    except ValueError:
        return None
    now = datetime.now(CHINA)
    year = day.year - 100 * (day > now)
    return f"{year}-{day:%m-%d}"


def _find_year(text: str) -> str | None:
    found = _YEAR.fullmatch(text)
    return found[1] if found else None


def _quantity(text: str, units: Mapping[str, float]) -> str | None:
    found = _QUANTITY.fullmatch(text)
    factor = units.get(found[2].casefold()) if found else None
    return None if found is None or factor is None else f"{float(found[1]) * factor:.10g}"


def drop_line_numbers(given: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Without identifiers of segments that only count lines, as in each table anew; segments are called by their ends.

    Returns
    -------
    tuple
        The table; what to tell.
    """
    if "segment_id" not in given:
        return given, ()
    numbers = read_text(given["segment_id"]).dropna()
    if not len(numbers) or not numbers.str.fullmatch(r"\d{1,6}(\.0)?").all():
        return given, ()
    told = "the identifiers of segments only count lines (up to six digits): segments are called by their ends"
    return given.drop(columns="segment_id"), (told,)


def fill_segments(given: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fill what follows from other columns: names of segments, the usual reference of depth, the class of a pressure.

    Returns
    -------
    tuple
        The table; what to tell.
    """
    import pandas as pd

    def column(name: str) -> Column:
        return read_text(given[name]) if name in given else pd.Series(None, index=given.index, dtype="str")

    notices = []
    ids, named = column("segment_id"), column("from_node") + "-" + column("to_node")
    embeddings = _values(EMBEDDINGS)
    embedding = translate(column("embedding"), lambda text: embeddings.get(normalise_name(text)))
    refs, usual = column("depth_ref"), usual_depth_ref(column("class"), embedding)
    filled = refs.isna() & usual.notna()
    if filled.any():
        titles = {str(code.value): code.title_zh for code in DEPTH_REFS}
        used = ", ".join(f"{ref} ({titles[str(ref)]}) {n:,}" for ref, n in usual[filled].value_counts().items())
        notices.append(f"nobody says what depth is measured to: what is usual for class and embedding is taken: {used}")
    classes = column("pressure_class")
    pressure = pd.to_numeric(column("pressure_mpa"), errors="coerce").to_numpy(float)
    gas = (column("class") == "RQ") & classes.isna() & ~np.isnan(pressure)
    return given.assign(
        segment_id=ids.where(ids.notna(), named),
        depth_ref=refs.where(~filled, usual),
        pressure_class=classes.mask(gas, pd.Series(pressure_class(pressure), index=given.index, dtype="str")),
    ), tuple(notices)
