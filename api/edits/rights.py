"""Who may edit: whoever has a key; where nobody was given one, whoever sits at this machine.

No page of another site may edit in the name of the one who looks at it: browsers say where a page comes from
(``Origin``), and under which name they found this service (``Host``), so that a name that was made to point here
(DNS rebinding) is not taken for this machine.
"""

from __future__ import annotations

import base64
import ipaddress

from fastapi import Request

from api.context import context_of
from api.errors import EditRefused, NotAuthenticated
from twin.session import name_login
from twin.settings import Settings

#: Of requests that came by way of others.
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


def allows_edits(settings: Settings) -> bool:
    """Whether anybody may edit at all."""
    return settings.editing and (bool(settings.keys) or is_this_machine(settings.host))


def find_author(request: Request) -> str:
    """Find out in whose name a request edits.

    Raises
    ------
    EditRefused
        Nobody may from there.
    NotAuthenticated
        A key is needed.
    """
    context = context_of(request)
    settings = context.settings
    if not settings.editing:
        raise EditRefused("this service is not edited over HTTP: its setting editing is false")
    is_foreign = _is_foreign(request)
    if context.keys is not None:
        scheme, author = _who(request)
        if is_foreign and scheme != "bearer":  # a browser sends a password by itself, in whatever name
            raise EditRefused("pages of other origins edit with Authorization: Bearer and a key only")
        return author
    if not is_this_machine(settings.host):
        raise EditRefused(
            'nobody was given a key to edit with; the operator makes one: set keys = "twin.keys" in twin.toml, '
            "run twin key NAME, and start the service anew"
        )
    if is_foreign:
        raise EditRefused("pages of other origins may read here, not edit")
    if not is_this_machine(request.url.hostname or "") or any(name in request.headers for name in _FORWARDED):
        raise EditRefused(
            "without keys only programs on the machine of the service may edit, and this came by way of another; the "
            "operator makes keys by the setting keys and by twin key NAME"
        )
    return name_login(settings)


def is_this_machine(host: str) -> bool:
    """Whether an address or name can only mean the machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _is_foreign(request: Request) -> bool:
    """Whether a page of another origin sends it, as far as the browser says (Fetch standard; Fetch Metadata)."""
    here = f"{request.url.scheme}://{request.url.netloc}"
    says_so = request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    return says_so or request.headers.get("origin", here) != here


def _who(request: Request) -> tuple[str, str]:
    """The scheme by which a request names its key, and whose that is."""
    keys = context_of(request).keys
    assert keys is not None
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    scheme, given = scheme.lower(), given.strip()
    name, key = None, given
    if scheme == "basic":
        try:
            name, _, key = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            key = ""
    author = keys.find(key) if scheme in ("basic", "bearer") and key else None
    if author is None or name not in (None, author):
        said = "this is no key of the one it is for" if given else "to edit takes a key"
        raise NotAuthenticated(
            f"{said}; send Authorization: Bearer and the key, or Basic with the author's name and the key as password; "
            "the operator makes keys by twin key NAME"
        )
    return scheme, author
