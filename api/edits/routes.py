"""OGC API – Features – Part 4: features are added, replaced, changed and removed; every edit is one revision.

References
----------
OGC 20-002, draft: Create, Replace, Update and Delete. RFC 7396: JSON Merge Patch. RFC 9110, 13: preconditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.context import context_of
from api.edits.bodies import FEATURES, read_feature, read_features, read_patch, read_transaction
from api.edits.docs import ADD, CHANGE, REMOVE, REPLACE, TRANSACT
from api.edits.editing import Edit
from api.edits.rights import find_author
from api.errors import EditRefused, NotAuthenticated
from api.features.items import ITEM_ROUTE, ITEMS_ROUTE
from api.http.media import JSON, MERGE_PATCH
from twin.ingest.edits import Edits
from twin.store import Store

_CLASSES = ("create-replace-delete", "update", "optimistic-locking-etags", "return-resource-representation-in-response")
#: The draft names what it shares with other resources after Common; before that all was named after Features.
CONFORMANCE = (
    *(f"http://www.opengis.net/spec/ogcapi-common-5/1.0/conf/{name}" for name in _CLASSES),
    *(f"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/{name}" for name in (*_CLASSES, "features")),
)

router = APIRouter(tags=["Edits"])
Asked = Annotated[Edit, Depends(Edit.read)]


@router.post(ITEMS_ROUTE, name="add_items", **ADD)
async def add_features(edit: Asked) -> Response:
    """Add a feature, or those of a FeatureCollection, as one revision; a key is made where the layer makes keys."""

    def add(store: Store) -> Response:
        document = edit.document(*FEATURES)
        edited = edit.write(store, Edits(insert=read_features(document, edit.layer, edit.crs)))
        if document["type"] == "FeatureCollection":
            answer = edit.answer_with_summary(edited, status=201)
            return _locate(answer, edit.links.url("items", layer_id=edit.layer.id))
        (key,) = edited.inserted
        answer = edit.answer_with_state(edited, key, status=201)
        return _locate(answer, edit.links.url("item", layer_id=edit.layer.id, feature_id=key))

    return await edit.run(add)


@router.put(ITEM_ROUTE, name="replace_item", **REPLACE)
async def replace_feature(edit: Asked, feature_id: str) -> Response:
    """Put a feature in the place of the one of this key, which must be there; what is not given gets its default."""

    def replace(store: Store) -> Response:
        given = read_feature(edit.document(*FEATURES), edit.layer, edit.crs, key=feature_id)
        return edit.answer_with_state(edit.write(store, Edits(replace=[given]), of=feature_id), feature_id)

    return await edit.run(replace)


@router.patch(ITEM_ROUTE, name="change_item", **CHANGE)
async def change_feature(edit: Asked, feature_id: str) -> Response:
    """Change what is given of a feature (JSON Merge Patch); all else stays what it is."""

    def change(store: Store) -> Response:
        given = read_patch(edit.document(MERGE_PATCH), edit.layer, edit.crs, key=feature_id)
        return edit.answer_with_state(edit.write(store, Edits(update=[given]), of=feature_id), feature_id)

    return await edit.run(change)


@router.delete(ITEM_ROUTE, name="remove_item", **REMOVE)
async def remove_feature(edit: Asked, feature_id: str) -> Response:
    """Remove a feature; its history stays."""

    def remove(store: Store) -> Response:
        return edit.answer_without_content(edit.write(store, Edits(delete=[feature_id]), of=feature_id))

    return await edit.run(remove)


@router.post("/collections/{layer_id}/transactions", name="transactions", **TRANSACT)
async def transact(edit: Asked) -> Response:
    """Carry out several edits of a layer as one revision, all of them or none."""

    def carry_out(store: Store) -> Response:
        return edit.answer_with_summary(
            edit.write(store, read_transaction(edit.document(JSON), edit.layer, edit.crs)), status=200
        )

    return await edit.run(carry_out)


@router.options(ITEMS_ROUTE, include_in_schema=False)
def show_options_of_items(request: Request, layer_id: str) -> Response:
    """Say what whoever asks may do with the features of a layer."""
    return _say_options(request, layer_id, {"POST": {"Accept-Post": ", ".join(FEATURES)}})


@router.options(ITEM_ROUTE, include_in_schema=False)
def show_options_of_item(request: Request, layer_id: str, feature_id: str) -> Response:  # noqa: ARG001
    """Say what whoever asks may do with a feature; QGIS asks about one that is not there to learn of all."""
    return _say_options(request, layer_id, {"PUT": {}, "PATCH": {"Accept-Patch": MERGE_PATCH}, "DELETE": {}})


class _AsWritten(bytes):
    """The name of a header that the server does not write in small letters, as it does with others."""

    def lower(self) -> _AsWritten:
        return self


def _locate(answer: Response, address: str) -> Response:
    """Say where it is, so that QGIS 3.40 sees it, for which header names are not the same in whatever letters."""
    answer.raw_headers.append((_AsWritten(b"Location"), address.encode("latin-1")))
    return answer


def _say_options(request: Request, layer_id: str, edits: Mapping[str, Mapping[str, str]]) -> Response:
    context_of(request).collection(layer_id)
    try:
        find_author(request)
    except (EditRefused, NotAuthenticated):
        edits = {}
    headers = {"Allow": ", ".join(["GET", "HEAD", "OPTIONS", *edits]), "Vary": "Authorization, Origin"}
    for more in edits.values():
        headers |= more
    return Response(headers=headers)
