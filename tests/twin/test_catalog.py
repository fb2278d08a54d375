from __future__ import annotations

from dataclasses import replace

import pytest

from tests_support import LAYER
from twin.catalog import Catalog
from twin.errors import LayerNotFound


def test_a_layer_is_found_by_its_id_and_by_its_chinese_title():
    catalog = Catalog.of([LAYER])
    assert catalog.layer("plots") is catalog.layer("地块") is LAYER
    with pytest.raises(LayerNotFound, match=r"no layer lot; did you mean plots\?"):
        catalog.layer("lot")


def test_two_layers_of_one_chinese_title_are_no_catalog():
    with pytest.raises(ValueError, match="the same Chinese title"):
        Catalog.of([LAYER, replace(LAYER, id="parcels")])
