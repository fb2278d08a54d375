"""Read CQL2 text.

References
----------
OGC 21-065r2, 8.2 (CQL2 Text) and annex B (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from twin.cql2.literals import read_box, read_date_value, read_timestamp, read_wkt
from twin.errors import InvalidParameter
from twin.expressions import Expression, Operation, Property, Shape, Value

#: What is called otherwise by the grammar.
_OPERATIONS = {"every": "and", "any_of": "or", "negation": "not", "array": "array"}
#: What may come next, in words; symbols that are not here go without saying.
_WORDS = {
    "NAME": "a property",
    "TEXT": "a text in single quotes",
    "NUMBER": "a number",
    "COORDINATE": "a coordinate",
    "COMPARISON": "a comparison",
    "_AND": "AND",
    "_OR": "OR",
    "NOT": "NOT",
    "LIKE": "LIKE",
    "BETWEEN": "BETWEEN",
    "IN": "IN",
    "IS": "IS",
    "_NULL": "NULL",
    "_LEFT": "a bracket",
    "_RIGHT": "a closing bracket",
    "_COMMA": "a comma",
    "$END": "the end",
}


def parse_text(text: str) -> Expression:
    """Read a condition; every part of it knows at which character it stands.

    Raises
    ------
    InvalidParameter
        Says what was not understood, and at which character.
    """
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _explain(text, error) from error
    made: dict[int, Expression] = {}
    for part in tree.iter_subtrees():  # from the inside out, without recursion: a text may be nested very deeply
        at = f"character {part.meta.start_pos + 1}"
        try:
            made[id(part)] = _make(part, made, text, at)
        except ValueError as error:
            raise InvalidParameter(f"{error} (at {at})", parameter="filter") from error
    return made[id(tree)]


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _make(part: Tree[Token], made: dict[int, Expression], text: str, at: str) -> Expression:
    """Make an expression of a part of the text whose own parts are made."""
    tokens = [str(child).upper() for child in part.children if isinstance(child, Token)]
    args = tuple(made[id(child)] for child in part.children if isinstance(child, Tree))
    kind = str(part.data)
    if kind in _OPERATIONS or kind == "infix":
        return Operation(_OPERATIONS.get(kind) or tokens[0].lower(), args, at=at)
    if kind in {"like", "ilike", "between", "listed", "missing"}:
        return _make_predicate(kind, args, at, negated="NOT" in tokens)
    if kind == "call":
        return _make_call(tokens[0].lower(), args, at)
    if kind == "shape":
        return Shape(read_wkt(text[part.meta.start_pos : part.meta.end_pos]), at=at)
    if kind in {"positive", "negative"}:
        return args[0] if kind == "positive" else _negate(args[0], at)
    return _make_atom(kind, str(part.children[0]), at)


def _make_atom(kind: str, token: str, at: str) -> Expression:
    match kind:
        case "name":
            return Property(token, at=at)
        case "quoted_name":
            return Property(token[1:-1], at=at)
        case "text":
            return Value(re.sub(r"''|\\'", "'", token[1:-1]), at=at)
        case "number":
            # Longer integers fit no database, and some are too long for Python.
            return Value(int(token) if token.isdigit() and len(token) < 30 else float(token), at=at)
        case _:
            return Value(kind == "true", at=at)


def _make_predicate(kind: str, args: tuple[Expression, ...], at: str, *, negated: bool) -> Expression:
    if kind == "listed":
        args = (args[0], Operation("array", args[1:], at=at))
    if kind == "ilike":
        args = tuple(Operation("casei", (arg,), at=arg.at) for arg in args)
    made = Operation({"listed": "in", "missing": "isnull", "ilike": "like"}.get(kind, kind), args, at=at)
    return Operation("not", (made,), at=at) if negated else made


def _make_call(name: str, args: tuple[Expression, ...], at: str) -> Expression:
    """Make what stands as a call: a literal of its own kind, or a function."""
    values = [arg.value for arg in args if isinstance(arg, Value)]
    match name:
        case "date":
            return Value(read_date_value(*values), at=at)
        case "timestamp":
            return Value(read_timestamp(*values), at=at)
        case "bbox":
            return Shape(read_box(values if len(values) == len(args) else ()), at=at)
        case _:
            return Operation(name, args, at=at)


def _negate(part: Expression, at: str) -> Expression:
    match part:
        case Value(int() | float() as number) if not isinstance(number, bool):
            return Value(-number, at=at)
        case _:
            return Operation("*", (Value(-1), part), at=at)


def _explain(text: str, error: UnexpectedInput) -> InvalidParameter:
    """Say what was found where, and what could stand there."""
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    start = len(text) if ended else error.pos_in_stream or 0
    expected: Iterable[str] = (
        error.accepts if isinstance(error, UnexpectedToken) else getattr(error, "allowed", None) or ()
    )
    words = [word for name, word in _WORDS.items() if name in expected]
    found = "the end" if ended else repr(re.split(r"\s", text[start : start + 20])[0])
    detail = f"filter is not understood at character {start + 1}: {found}"
    return InvalidParameter(f"{detail} where {', '.join(words)} may stand" if words else detail, parameter="filter")
