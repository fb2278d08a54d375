"""Values of the tables of clearances and of cover that an authority sets otherwise, by patterns of kinds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from layers.pipelines.clearance.limits import KINDS, Entries, kinds_like
from twin.errors import InvalidParameter

NO_ENTRIES: Entries = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class EntriesSetting:
    """Entries as a rule file sets them: a table of metres, as ``{"water_* sewer" = 1.2}``.

    Parameters
    ----------
    name
        What the rule calls them.
    kinds
        Of how many kinds each of them speaks.
    about
        What they are.
    """

    name: str
    kinds: int
    about: str

    @property
    def default(self) -> Entries:
        """None: the table as it is."""
        return NO_ENTRIES

    def parse(self, raw: Any) -> Entries:
        """Read the entries.

        Raises
        ------
        InvalidParameter
            One speaks of no kind that there is, or is no length.
        """
        wanted = "a kind" if self.kinds == 1 else "two kinds"
        if not isinstance(raw, Mapping):
            raise InvalidParameter(f'{self.name} is a table of metres by {wanted}, as "water_*"', parameter=self.name)
        for pattern, metres in raw.items():
            words = pattern.split()
            unknown = [word for word in words if not kinds_like(word)]
            if len(words) != self.kinds or unknown:
                raise InvalidParameter(
                    f"{self.name}: {pattern!r} is not {wanted}; kinds are {', '.join(KINDS)}, with * for any letters",
                    parameter=self.name,
                )
            if isinstance(metres, bool) or not isinstance(metres, int | float) or not 0 <= metres < math.inf:
                raise InvalidParameter(f"{self.name}: {pattern} is not metres but {metres!r}", parameter=self.name)
        return MappingProxyType({" ".join(pattern.split()): float(metres) for pattern, metres in raw.items()})
