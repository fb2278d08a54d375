"""Entity tags of features: which state of which feature it is, and which form of it was sent.

A tag is ``"state-form"``. A client may be told that it has a form already; whoever changes a feature says by the state
alone what the change was made on, in whatever form it was seen.
"""

from __future__ import annotations

import hashlib

from api.context import Context
from twin.layer import Layer


def tag_item(context: Context, layer: Layer, revision: int, form: str) -> str:
    """Tag a form of a feature.

    Parameters
    ----------
    context, layer
        Where the feature is.
    revision
        That wrote it as it is.
    form
        What else decides the bytes.
    """
    return f'"{name_state(context, layer, revision)}-{digest(form)[:16]}"'


def name_state(context: Context, layer: Layer, revision: int) -> str:
    """Name the state of the features of a layer that a revision wrote."""
    made = context.store.created_at.isoformat()
    return digest(f"{made} {layer.id}@{context.frames.name_revision(revision)}")[:16]


def read_states(tags: str) -> set[str]:
    """Read of which states the tags of a header are; what somebody between us made weak is still of that state."""
    return {tag.strip().removeprefix("W/").strip('"').partition("-")[0] for tag in tags.split(",")}


def digest(text: str) -> str:
    """Say in 32 digits what a text says."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
