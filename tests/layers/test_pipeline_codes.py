"""The dictionaries of CJJ 61-2017: classes, feature codes, roles of points, pressures and references of depth."""

from __future__ import annotations

import pandas as pd
import pytest

from layers.pipelines.codes.attributes import EMBEDDINGS, MATERIALS, STATES, pressure_class, usual_depth_ref
from layers.pipelines.codes.classes import CLASS_CODES, CLASS_OF, COLORS, find_class
from layers.pipelines.codes.feature_codes import FeatureCode, decode_feature_code
from layers.pipelines.codes.points import APPURTENANCES, FEATURES, has_role
from twin.errors import InvalidParameter


def test_there_are_eight_classes_and_the_sub_classes_of_appendix_b():
    assert " ".join(code.value for code in CLASS_CODES) == "JS PS RQ RL DL TX GY QT"
    counts = pd.Series(CLASS_OF).value_counts().to_dict()
    assert counts == {"JS": 8, "PS": 3, "RQ": 3, "RL": 2, "DL": 5, "TX": 4, "GY": 10, "QT": 2}


@pytest.mark.parametrize(
    ("code", "rgb"),
    [("JS", (0, 255, 255)), ("PS", (76, 57, 38)), ("RQ", (255, 0, 255)), ("RL", (255, 128, 0)), ("DL", (255, 0, 0)),
     ("TX", (0, 255, 0)), ("GY", (0, 0, 0)), ("QT", (102, 0, 204))],
)  # fmt: skip
def test_classes_have_the_colours_of_the_standard(code, rgb):
    assert COLORS[code] == "#{:02x}{:02x}{:02x}".format(*rgb)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("PS", ("PS", None)), ("DX", ("TX", None)), ("电信", ("TX", None)), ("WS", ("PS", "WS")), ("污水", ("PS", "WS")),
     ("ys", ("PS", "YS")), ("雨水管道", ("PS", "YS")), ("2", ("PS", None)), ("202", ("PS", "WS")),
     ("给水", ("JS", None)), ("ZS", ("JS", "ZS")), ("天然气", ("RQ", "TR")), ("XYZ", None), ("", None)],
)  # fmt: skip
def test_classes_are_read_as_older_editions_and_cities_write_them(text, meant):
    assert find_class(text) == meant


def line(subclass):
    return FeatureCode(subclass=subclass, element="line")


def appurtenance(subclass, serial):
    return FeatureCode(subclass=subclass, element="point", point="appurtenance", serial=serial)


@pytest.mark.parametrize(
    ("text", "code"),
    [("52011000", line("YS")), ("52021000", line("WS")), ("52031000", line("HS")), ("51041000", line("JP")),
     ("52012205", appurtenance("YS", 5)), ("52022205", appurtenance("WS", 5)), ("52012204", appurtenance("YS", 4)),
     ("51042202", appurtenance("JP", 2)), ("51042205", appurtenance("JP", 5))],
)  # fmt: skip
def test_feature_codes_of_the_standard_are_read_and_written(text, code):
    assert decode_feature_code(text) == code
    assert code.encode() == text


@pytest.mark.parametrize(
    ("text", "why"),
    [("510123000", "eight digits"), ("5201100", "eight digits"), ("５２０１１０００", "eight digits"),
     ("42011000", "begin with 5"), ("52041000", "sub-class 04 of class 2"), ("59011000", "class 9"),
     ("52014000", "element 4"), ("52012005", "type of point 0"), ("52011105", "type of point 1")],
)  # fmt: skip
def test_a_feature_code_that_means_nothing_is_refused_with_the_reason(text, why):
    with pytest.raises(InvalidParameter, match=why):
        decode_feature_code(text)


def test_a_feature_code_that_contradicts_itself_cannot_be_made():
    with pytest.raises(InvalidParameter, match="a point has a type"):
        FeatureCode(subclass="WS", element="point")
    with pytest.raises(InvalidParameter, match="a line or an area has none"):
        FeatureCode(subclass="WS", element="line", point="feature")
    with pytest.raises(InvalidParameter, match="two digits"):
        FeatureCode(subclass="WS", element="line", serial=100)
    with pytest.raises(InvalidParameter, match="no sub-class PS"):
        FeatureCode(subclass="PS", element="line")


def test_dictionaries_hold_the_letters_of_appendix_c():
    assert " ".join(code.value for code in MATERIALS) == "ZT QM G T PE PVC BLG ZS Z S SM TC TZ VL GX"
    assert " ".join(code.value for code in EMBEDDINGS) == "ZM GM GK GG JK DM SJ XTD ZH RF JN DG SX"
    assert [set("0123") & set(code.aliases) for code in STATES] == [{"0"}, {"1"}, {"2"}, {"3"}]


def test_gas_is_of_the_class_up_to_whose_limit_its_pressure_goes():
    pressures = [0.0, 0.01, 0.011, 0.2, 0.4, 0.8, 1.6, 2.5, 4.0, 4.1, -0.1, float("nan")]
    classes = ["low", "low", "medium_b", "medium_b", "medium_a", "sub_high_b", "sub_high_a", "high_b", "high_a"]
    assert pressure_class(pressures).tolist() == [*classes, None, None, None]


def test_depth_is_measured_to_what_is_usual_for_class_and_embedding():
    classes = pd.Series(["PS", "JS", "RQ", "DL", "DL", "TX", "TX", None], dtype="str")
    embedding = pd.Series(["ZM", "ZM", None, "ZM", "GG", "GK", "ZH", None], dtype="str")
    refs = usual_depth_ref(classes, embedding)
    assert refs.iloc[:7].tolist() == [
        *("inner_bottom", "outer_top", "outer_top", "outer_top"),
        *("inner_bottom", "outer_top", "inner_bottom"),
    ]
    assert pd.isna(refs.iloc[7])


def test_only_the_ends_that_the_catalogue_of_rules_names_may_be_dead_ends_of_features():
    degrees = {kind.code.title_zh: kind.degree for kind in FEATURES}
    assert degrees["三通"] == (3, 3)
    assert degrees["四通"] == (4, 4)
    assert degrees["直线点"] == degrees["变径"] == (2, 2)
    may_end = {kind.code.title_zh for kind in FEATURES if "end" in kind.roles}
    assert {"预留口", "出水口", "出地", "盖堵", "非普查"} <= may_end
    assert not may_end & {"三通", "四通", "直线点", "变径", "弯头"}
    for kind in FEATURES:
        if kind.degree is not None and kind.degree[0] == 1:
            assert "end" in kind.roles, kind.code.value


def test_a_point_has_the_roles_of_its_feature_and_of_its_appurtenance():
    nodes = pd.DataFrame(
        {"feature": ["tee", None, "outfall", None], "appurtenance": ["valve_well", "manhole", None, "check_valve"]},
        dtype="str",
    )
    assert has_role(nodes, "valve").tolist() == [True, False, False, False]
    assert has_role(nodes, "well").tolist() == [True, True, False, False]
    assert has_role(nodes, "outfall", "check_valve").tolist() == [False, False, True, True]


def test_a_spelling_means_a_feature_or_an_appurtenance_and_not_both():
    spelled = [
        {str(kind.code.value), kind.code.title_zh, *kind.code.aliases}
        for kinds in (FEATURES, APPURTENANCES)
        for kind in kinds
    ]
    assert sum(map(len, spelled)) == len(set().union(*spelled))
