"""How each kind of ground is built on."""

from __future__ import annotations

from dataclasses import dataclass

from sample_gis.shapes import BAR, BOX, COURT, CUP, ELL


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How a kind of ground is built on.

    Parameters
    ----------
    pitch_m
        Distance of the building plots along and across the rows.
    size_m
        Width and depth of the largest building.
    plans
        Plans in use with their weights.
    uses
        Uses with their weights.
    floors
        Fewest and most floors.
    storey_m
        Height of a floor.
    built
        Share of the plots that is built on.
    years
        First and last year of building.
    """

    pitch_m: tuple[float, float]
    size_m: tuple[float, float]
    plans: dict[int, float]
    uses: dict[str, float]
    floors: tuple[int, int]
    storey_m: float
    built: float
    years: tuple[int, int]


#: Plots that no building of a block or village fills must not overlap: the pitch is larger than the size everywhere.
HABITS = {
    "old_town": Habit(
        pitch_m=(17, 18.5), size_m=(14, 14), plans={BOX: 3, ELL: 3, CUP: 2, COURT: 2},
        uses={"residential": 17, "commercial": 2, "mixed": 1},
        floors=(1, 2), storey_m=3.1, built=0.9, years=(1965, 2002),
    ),
    "slabs": Habit(
        pitch_m=(58, 29), size_m=(50, 12.5), plans={BOX: 1}, uses={"residential": 1},
        floors=(5, 7), storey_m=2.9, built=0.94, years=(1996, 2016),
    ),
    "towers": Habit(
        pitch_m=(52, 47), size_m=(36, 17), plans={BOX: 3, ELL: 1}, uses={"residential": 19, "mixed": 1},
        floors=(11, 28), storey_m=2.9, built=0.88, years=(2011, 2021),
    ),
    "center": Habit(
        pitch_m=(43, 40), size_m=(36, 32), plans={BOX: 4, ELL: 3, CUP: 2, COURT: 2},
        uses={"commercial": 5, "office": 3, "mixed": 3}, floors=(2, 9), storey_m=3.9, built=0.93, years=(1990, 2020),
    ),
    "industry": Habit(
        pitch_m=(74, 46), size_m=(64, 34), plans={BOX: 9, ELL: 1}, uses={"industrial": 3, "warehouse": 1},
        floors=(1, 2), storey_m=6.5, built=0.8, years=(1995, 2020),
    ),
    "row_houses": Habit(
        pitch_m=(16, 21), size_m=(14.5, 13), plans={BAR: 4, ELL: 3, CUP: 1, BOX: 1},
        uses={"residential": 17, "commercial": 2, "mixed": 1},
        floors=(1, 3), storey_m=3.2, built=0.88, years=(1980, 2015),
    ),
    "farmstead": Habit(
        pitch_m=(15.5, 18), size_m=(13, 13.5), plans={BAR: 9, ELL: 7, CUP: 3, COURT: 1},
        uses={"residential": 47, "agricultural": 2, "commercial": 1},
        floors=(1, 2), storey_m=3.2, built=0.86, years=(1970, 2018),
    ),
    "school": Habit(
        pitch_m=(62, 48), size_m=(50, 30), plans={BOX: 3, ELL: 2, CUP: 3, COURT: 1}, uses={"education": 1},
        floors=(3, 5), storey_m=3.6, built=0.7, years=(1990, 2020),
    ),
    "hospital": Habit(
        pitch_m=(66, 56), size_m=(54, 38), plans={BOX: 2, ELL: 2, CUP: 1, COURT: 1}, uses={"medical": 1},
        floors=(4, 12), storey_m=3.8, built=0.8, years=(1990, 2021),
    ),
    "civic": Habit(
        pitch_m=(76, 66), size_m=(60, 44), plans={BOX: 2, CUP: 1, COURT: 1}, uses={"office": 3, "culture": 2},
        floors=(3, 8), storey_m=3.9, built=0.8, years=(1995, 2021),
    ),
    "station": Habit(
        pitch_m=(96, 60), size_m=(76, 34), plans={BOX: 3, ELL: 1}, uses={"transport": 1},
        floors=(1, 3), storey_m=5.5, built=0.7, years=(1995, 2021),
    ),
    "park": Habit(
        pitch_m=(70, 70), size_m=(14, 11), plans={BOX: 3, ELL: 1}, uses={"culture": 2, "utility": 1},
        floors=(1, 1), storey_m=4.0, built=0.4, years=(2000, 2020),
    ),
}  # fmt: skip
