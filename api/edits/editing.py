"""A request that edits, from what it asks to what it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import shapely
from fastapi import Depends, Query, Request, Response

from api.context import Context, context_of, links_of
from api.crs import DEFAULT_CRS, NamedCrs, find_crs
from api.edits.bodies import content_crs
from api.edits.rights import find_author
from api.errors import PreconditionFailed, PreconditionRequired
from api.features.items import ItemsClient, answer_item
from api.features.tags import name_state, read_states, tag_item
from api.http.bodies import Body, read_json
from api.http.limits import require_simple
from api.http.links import Links
from api.http.pages import json_response
from api.params import EditParams
from twin.errors import Fault, FeatureNotFound, SchemaViolation
from twin.frame import Frame
from twin.ingest.edits import Condition, Edited, Edits, apply_edits
from twin.layer import Layer
from twin.parts import Part
from twin.schema import GEOMETRY
from twin.store import Store

#: What a client says that wants to see the feature as it is after its edit (RFC 7240, 4.2).
_WHOLE = "return=representation"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One request that edits.

    Parameters
    ----------
    request, body
        As it came.
    context, part, crs
        Where it edits, and in which CRS it gives coordinates.
    author
        Who edits.
    params
        Why, and from when it is so.
    links
        Of the request.
    """

    request: Request
    body: bytes
    context: Context
    part: Part
    crs: NamedCrs
    author: str
    params: EditParams
    links: Links

    @classmethod
    def read(
        cls,
        request: Request,
        layer_id: str,
        author: Annotated[str, Depends(find_author)],
        params: Annotated[EditParams, Query()],
        body: Body,
    ) -> Edit:
        """Read a request of somebody who may edit."""
        context, links = context_of(request), links_of(request)
        part = context.collection(layer_id)
        crs = find_crs(content_crs(request), part.layer, context.crs, links.base, parameter="Content-Crs")
        return cls(
            request=request,
            body=body,
            context=context,
            part=part,
            crs=crs,
            author=author,
            params=params,
            links=links,
        )

    @property
    def layer(self) -> Layer:
        """What is edited, as those see it who edit it."""
        return self.part.shown

    async def run(self, work: Callable[[Store], Response]) -> Response:
        """Have work done where edits are written, in its turn."""
        return await self.context.writer.run(self.context.store, work)

    def document(self, *accepted: str) -> dict[str, Any]:
        """The body as JSON of one of some media types."""
        return read_json(self.request, self.body, *accepted)

    def write(self, store: Store, edits: Edits, *, of: str | None = None) -> Edited:
        """Write edits; those of one feature only if that is in the state that the client saw."""
        for given in (*edits.insert, *edits.replace, *edits.update):
            require_simple(given.geometry, self.context.settings.max_vertices, whose=given.key or "a new feature")
        self._require_kind(edits)
        return apply_edits(
            store,
            self.part.layer,
            edits,
            crs=self.crs.crs,
            author=self.author,
            reason=self.params.reason or "",
            effective=self.params.effective,
            condition=partial(self._look, edits.present, None if of is None else self._condition(of)),
        )

    def _require_kind(self, edits: Edits) -> None:
        """Refuse geometries that another part of the layer is for."""
        if self.part.where is None:
            return
        for given in (*edits.insert, *edits.replace, *edits.update):
            if given.geometry is not None and shapely.get_dimensions(given.geometry) != self.layer.dimension:
                what = f"must be {' or '.join(self.layer.geometries)} here; other types belong in {self.part.layer.id}"
                fault = Fault(what=what, field=GEOMETRY, value=given.geometry.geom_type)
                raise SchemaViolation(str(fault), [fault], layer=self.layer.id)

    def _look(self, keys: Sequence[str], condition: Condition | None, there: Frame) -> None:
        """Look at the features that are to be changed: they must be of this part, and be what the client saw."""
        if self.part.where is not None:
            dimensions = dict(zip(there.data.index, shapely.get_dimensions(there.geometry), strict=True))
            for key in keys:
                if dimensions[key] != self.layer.dimension:
                    raise FeatureNotFound(f"{self.layer.id} has no feature {key}", layer=self.layer.id, feature=key)
        if condition is not None:
            condition(there)

    def _condition(self, key: str) -> Condition | None:
        """What ``If-Match`` wants (RFC 9110, 13.1.1); any state of a feature is ``*``."""
        asked = self.request.headers.get("if-match", "")
        if not asked and self.context.settings.require_if_match:
            raise PreconditionRequired("say by If-Match which state of the feature you saw: the ETag that came with it")
        if not asked or asked.strip() == "*":
            return None
        return partial(self._require, key, read_states(asked))

    def _require(self, key: str, states: set[str], there: Frame) -> None:
        assert there.opened is not None
        if name_state(self.context, self.layer, int(there.opened[0])) not in states:
            raise PreconditionFailed(
                f"{self.layer.id} {key} is no longer in the state that If-Match names: read it again, and make the "
                "change on what it is now",
                layer=self.layer.id,
                feature=key,
            )

    def answer_without_content(self, edited: Edited, *, status: int = 204, etag: str | None = None) -> Response:
        """Answer that it is done."""
        tagged = {} if etag is None else {"ETag": etag}
        return Response(status_code=status, headers=tagged | _name_revision(edited))

    def answer_with_state(self, edited: Edited, key: str, *, status: int = 204) -> Response:
        """Answer with the tag of the feature as it is now, or with the feature itself where the client prefers that."""
        preferred = {part.strip().lower() for part in self.request.headers.get("prefer", "").split(",")}
        if _WHOLE not in preferred:
            etag = tag_item(self.context, self.layer, edited.opened[key], "as edited")
            return self.answer_without_content(edited, status=status, etag=etag)
        there = Links(self.request.app, self.links.base, f"/collections/{self.layer.id}/items/{key}")
        client = ItemsClient(links=there, accepted="identity", asked="", measures=self.context.measures)
        _, sent = answer_item(self.context, self.part, key, None, DEFAULT_CRS, client)
        assert sent is not None
        headers = sent.headers | {"Preference-Applied": _WHOLE} | _name_revision(edited)
        return Response(sent.data, 200 if status == 204 else status, headers)

    def answer_with_summary(self, edited: Edited, *, status: int) -> Response:
        """Answer with what became of several features."""
        made = edited.revision
        done = {name: 0 if made is None else getattr(made, name) for name in ("inserted", "updated", "deleted")}
        number = None if made is None else made.number
        answer = json_response({"revision": number, **done, "keys": list(edited.inserted)})
        answer.status_code = status
        answer.headers.update(_name_revision(edited))
        return answer


def _name_revision(edited: Edited) -> dict[str, str]:
    """The header that names the revision that an edit made, if it changed anything."""
    return {} if edited.revision is None else {"X-Twin-Revision": str(edited.revision.number)}
