"""The features of a small tile from columns to bytes in one call: where there is little to do, each call counts."""

from __future__ import annotations

from tiles.kernels.draw import draw_features
from tiles.kernels.sketch import COLLAPSED, DOUBTFUL, SHARED, Bytes, Features, Integers, Place, Rules
from tiles.kernels.write import Tags, TilePaths, write_layer
from twin.compiled import compiled


@compiled
def encode_features(
    name: Bytes, rows: Integers, features: Features, place: Place, rules: Rules, tags: Tags
) -> tuple[Bytes, int, int, int, int]:
    """Draw features and write them, see `tiles.kernels.draw.draw_features` and `tiles.kernels.write.write_layer`.

    Returns
    -------
    The layer message, and how many features are written, share the pixel of another one, come to nothing, and are
    doubtful; where any are doubtful, the message lacks them.
    """
    drawn = draw_features(rows, features, place, rules)
    first, sketch = drawn.first_path, drawn.sketch
    paths = TilePaths(first[:-1], first[1:], sketch.first_vertex, sketch.xy)
    message, _, written = write_layer(name, rows, drawn.state, paths, features.dimension, tags)
    return message, written, drawn.counts[SHARED], drawn.counts[COLLAPSED], drawn.counts[DOUBTFUL]
