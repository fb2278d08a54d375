"""The same seed gives the same county, on every machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np

from sample_gis import generate
from sample_gis.dice import Dice
from sample_gis.noise import Noise

#: Whoever changes the county on purpose writes the new digest here; any other change is a fault.
DIGEST = "e056b674d4717fa610437c0de13b9ad5f021ee3e39664a7b33d913158af92e5c"


def test_the_digest_is_the_one_that_was_published(county):
    assert county.digest() == DIGEST


def test_another_process_on_an_older_processor_gives_the_same_digest():
    # numpy without its wide instructions computes as a machine without them does; hashes are seeded otherwise too.
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F", "PYTHONHASHSEED": "7"}
    program = "from sample_gis import generate; print(generate().digest())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == DIGEST


def test_another_seed_gives_another_county(county):
    other = generate(seed=7)
    assert other.digest() != county.digest()
    assert not other.area.equals(county.area)


def test_one_changed_value_changes_the_digest(county):
    *others, last = county.deliveries
    rows = last.rows.copy()
    rows.loc[0, "status"] = "in_progress" if rows["status"][0] == "accepted" else "accepted"
    assert replace(county, deliveries=(*others, replace(last, rows=rows))).digest() != county.digest()


def test_dice_are_the_raw_bits_of_pcg64():
    state = int.from_bytes(hashlib.sha256(b"theme:5").digest()[:16], "big")
    raw = np.random.PCG64(state).random_raw(3)
    assert Dice(5, "theme").unit(3).tolist() == [(int(value) >> 11) / 2**53 for value in raw]


def test_dice_of_different_themes_are_different():
    assert Dice(1, "a").unit(4).tolist() != Dice(1, "b").unit(4).tolist()


def test_dice_order_holds_every_number_once():
    assert sorted(Dice(1, "order").order(50).tolist()) == list(range(50))


def test_dice_pick_follows_its_weights():
    picked = Dice(1, "pick").pick((1.0, 0.0, 3.0), 20_000)
    share = np.bincount(picked, minlength=3) / 20_000
    assert share[1] == 0
    assert abs(share[0] - 0.25) < 0.015  # five standard deviations


def test_noise_is_smooth_where_its_lattice_cells_meet():
    noise = Noise.of(Dice(1, "noise"), 1_000.0)
    y = np.full(3, 333.0)
    step = 1e-3
    for x in (1_000.0, 5_000.0):
        left, middle, right = noise(np.array([x - step, x, x + step]), y)
        assert abs((right - middle) - (middle - left)) < 1e-9  # no corner: the slope goes on
