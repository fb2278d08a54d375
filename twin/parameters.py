"""Parameters of functions that are offered to the outside: how they are declared, and how their values are read."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from twin.errors import InvalidParameter

#: What a parameter can be, in words.
_WANTED = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date as 2022-12-31",
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One keyword-only parameter of a function, as the API and the command line offer it."""

    name: str
    type: type
    default: Any
    choices: tuple[str, ...] = ()
    optional: bool = False
    required: bool = False
    about: str = ""

    def parse(self, raw: Any) -> Any:
        """Turn text (or an already typed value) into the parameter's type, or raise `InvalidParameter`."""
        if raw is None or (self.optional and raw == ""):
            if self.optional:
                return None
            raise self._refuse(raw)
        try:
            value = self._convert(raw)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise self._refuse(raw) from error
        if self.choices and value not in self.choices:
            raise self._refuse(raw)
        return value

    def _convert(self, raw: Any) -> Any:
        value = _read_text(raw, self.type) if isinstance(raw, str) else raw
        if self.type is float and type(value) is int:
            value = float(value)
        # To Python a truth value is a whole number and an instant a date; to who gives one it is not.
        if not isinstance(value, self.type) or type(value) in {bool, datetime} - {self.type}:
            raise TypeError(f"{value!r} is no {self.type.__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is no number")
        return value

    def _refuse(self, raw: Any) -> InvalidParameter:
        wanted = " or ".join(self.choices) or _WANTED[self.type]
        return InvalidParameter(f"{self.name} must be {wanted}, not {str(raw)[:80]!r}", parameter=self.name)


def read_signature(
    function: Callable[..., Any], about: Mapping[str, str], given: Collection[str] = ()
) -> tuple[tuple[str, ...], Mapping[str, Parameter]]:
    """Return the positional parameters of a function, which are layer ids, and the keyword-only ones.

    Annotations allowed on the latter: str, int, float, bool, date, ``Literal`` of strings, and any of them ``| None``.

    Parameters
    ----------
    function
        The function.
    about
        What its keyword-only parameters are, by name.
    given
        Keyword-only parameters that are not offered, since whoever calls the function gives them.
    """
    hints = typing.get_type_hints(function)
    inputs: list[str] = []
    parameters: dict[str, Parameter] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in given:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            parameters[name] = _parameter(name, hints[name], parameter.default, about.get(name, ""))
        else:
            inputs.append(name)
    return tuple(inputs), types.MappingProxyType(parameters)


def parse_parameters(asked: str, parameters: Mapping[str, Parameter], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return every parameter with its value: the given ones parsed, the others at their default.

    Parameters
    ----------
    asked
        Id of what has the parameters.
    parameters
        By name.
    raw
        Values, or their text, by name.

    Raises
    ------
    InvalidParameter
        A parameter is unknown, malformed, or needed and not there.
    """
    for name in raw:
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            raise InvalidParameter(f"{asked} has no parameter {name}; there are: {known}", parameter=name)
    for name, parameter in parameters.items():
        if parameter.required and name not in raw:
            raise InvalidParameter(f"{asked} needs a {name}", parameter=name)
    return {
        name: parameter.parse(raw[name]) if name in raw else parameter.default for name, parameter in parameters.items()
    }


def _read_text(text: str, kind: type) -> Any:
    if kind is bool:
        return {"true": True, "false": False}[text.lower()]
    if kind is date:
        return date.fromisoformat(text)
    if kind in (int, float) and ("_" in text or not text.isascii()):
        raise ValueError("Python would take 1_0 for 10")
    return kind(text)


def _parameter(name: str, hint: Any, default: Any, about: str) -> Parameter:
    # ``Literal[...] | None`` is a typing.Union at run time, ``int | None`` a types.UnionType.
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    options = typing.get_args(hint) if union else (hint,)
    optional = type(None) in options
    kind = next(option for option in options if option is not type(None))
    choices: tuple[str, ...] = ()
    if typing.get_origin(kind) is Literal:
        choices, kind = typing.get_args(kind), str
    required = default is inspect.Parameter.empty
    return Parameter(
        name=name,
        type=kind,
        default=None if required else default,
        choices=choices,
        optional=optional,
        required=required,
        about=about,
    )
