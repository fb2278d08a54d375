"""What goes wrong with requests only; everything else that may go wrong stands in `twin.errors`."""

from __future__ import annotations

from typing import ClassVar

from twin.errors import TwinError


class AddressTooLong(TwinError):
    """The address of the request, its filter included, is longer than addresses may be."""

    status: ClassVar[int] = 414
    slug: ClassVar[str] = "address-too-long"
    title: ClassVar[str] = "Address too long"


class NotAcceptable(TwinError):
    """The resource exists, but not in any of the media types that the Accept header allows."""

    status: ClassVar[int] = 406
    slug: ClassVar[str] = "not-acceptable"
    title: ClassVar[str] = "Not acceptable"


class UnsupportedMediaType(TwinError):
    """The body of a request is of a kind that is not read here."""

    status: ClassVar[int] = 415
    slug: ClassVar[str] = "unsupported-media-type"
    title: ClassVar[str] = "Unsupported media type"


class InvalidBody(TwinError):
    """The body of a request is missing, or is not what its media type says."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "invalid-body"
    title: ClassVar[str] = "Invalid body"


class BodyTooLarge(TwinError):
    """More was sent than the installation takes (setting `max_body_mb`)."""

    status: ClassVar[int] = 413
    slug: ClassVar[str] = "body-too-large"
    title: ClassVar[str] = "Too much was sent"


class GeometryTooLarge(TwinError):
    """A geometry has more vertices than the installation takes (setting `max_vertices`)."""

    status: ClassVar[int] = 413
    slug: ClassVar[str] = "geometry-too-large"
    title: ClassVar[str] = "Geometry of too many vertices"


class NotReady(TwinError):
    """The service lives, and whoever has the choice should ask another one."""

    status: ClassVar[int] = 503
    slug: ClassVar[str] = "not-ready"
    title: ClassVar[str] = "Not ready"


class ProcessNotFound(TwinError):
    """There is no process of that name; every indicator and every analysis is one."""

    status: ClassVar[int] = 404
    slug: ClassVar[str] = "no-such-process"
    title: ClassVar[str] = "Process not found"
    uri: ClassVar[str] = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"


class ServiceBusy(TwinError):
    """More is asked for than can be done in reasonable time."""

    status: ClassVar[int] = 503
    slug: ClassVar[str] = "service-busy"
    title: ClassVar[str] = "Service is busy"


class NotAuthenticated(TwinError):
    """To edit takes a key, and the request has none that is known."""

    status: ClassVar[int] = 401
    slug: ClassVar[str] = "not-authenticated"
    title: ClassVar[str] = "A key is needed"


class EditRefused(TwinError):
    """Nobody may edit from where the request comes; the detail says how that is permitted."""

    status: ClassVar[int] = 403
    slug: ClassVar[str] = "edit-refused"
    title: ClassVar[str] = "Editing is not permitted"


class PreconditionRequired(TwinError):
    """The installation wants to know on which state of a feature a change was made (setting `require_if_match`)."""

    status: ClassVar[int] = 428
    slug: ClassVar[str] = "precondition-required"
    title: ClassVar[str] = "If-Match is needed"


class PreconditionFailed(TwinError):
    """The feature is no longer in the state that the request was made on."""

    status: ClassVar[int] = 412
    slug: ClassVar[str] = "precondition-failed"
    title: ClassVar[str] = "The feature has changed"


class JobFailed(TwinError):
    """The job came to no result: it took too long, needed too much memory, or its process ended."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "job-failed"
    title: ClassVar[str] = "Job failed"


class JobNotFound(TwinError):
    """There is no such job: it never was, was dismissed, or is gone because many came after it."""

    status: ClassVar[int] = 404
    slug: ClassVar[str] = "no-such-job"
    title: ClassVar[str] = "Job not found"
    uri: ClassVar[str] = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-job"


class ResultNotReady(TwinError):
    """The job goes on; its status says when it has ended."""

    status: ClassVar[int] = 404
    slug: ClassVar[str] = "result-not-ready"
    title: ClassVar[str] = "Result not ready"
    uri: ClassVar[str] = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready"


class StyleRefused(TwinError):
    """The style cannot be kept under this name, or not here at all."""

    status: ClassVar[int] = 409
    slug: ClassVar[str] = "style-refused"
    title: ClassVar[str] = "Style refused"


class MissingParameter(TwinError):
    """Something that the request cannot do without is not there."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "missing-parameter"
    title: ClassVar[str] = "Missing parameter"


class OptionNotSupported(TwinError):
    """The standard allows it, and it is not offered here."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "option-not-supported"
    title: ClassVar[str] = "Not offered here"


class OperationNotSupported(OptionNotSupported):
    """The standard has such an operation, and it is not offered here."""

    slug: ClassVar[str] = "operation-not-supported"
