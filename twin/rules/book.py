"""The rule file: which rules hold, how severe they are, and their limits, where an authority has its own.

.. code:: toml

    [PT-NEAR]
    tolerance_m = 0.1
    severity = "warning"

    [LN-LONG]
    off = true
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from twin.errors import InvalidParameter
from twin.ingest.names import require_known
from twin.rules.rule import Confidence, Rule, Severity

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """Rules with what an authority says about them.

    Parameters
    ----------
    rules
        The rules that hold.
    severities
        Of rules that have another than their own.
    limits
        Limits of rules that have other ones than their own.
    name
        Of the rule file.
    """

    rules: tuple[Rule, ...]
    severities: Mapping[str, Severity] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    name: str = ""

    def severity(self, rule: Rule) -> Severity:
        """How severe a rule is."""
        return self.severities.get(rule.id, rule.severity)

    def source(self, rule: Rule, limit: str | None) -> tuple[str, Confidence]:
        """What a limit of a rule rests on, and how sure that is: who sets another one knows why."""
        if limit in self.limits.get(rule.id, ()):
            return f"rule file {self.name}", "high"
        return rule.source, rule.sure.get(limit or "", rule.confidence)


def read_rule_book(path: Path, rules: tuple[Rule, ...]) -> RuleBook:
    """Read a rule file.

    Raises
    ------
    InvalidParameter
        It cannot be read, or says something of a rule or limit that there is not.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidParameter(f"rule file {path.name} cannot be read: {error}", cause=error) from error
    by_id = {rule.id: rule for rule in rules}
    severities: dict[str, Severity] = {}
    limits: dict[str, Mapping[str, Any]] = {}
    off = set()
    for rule_id, settings in said.items():
        require_known(rule_id, by_id, "rule")
        if not isinstance(settings, Mapping):
            raise InvalidParameter(f"rule file {path.name}: [{rule_id}] is a table of settings")
        own = by_id[rule_id].limits
        for name in settings:
            require_known(name, (*own, "severity", "off"), f"setting of {rule_id}")
        severity = settings.get("severity", by_id[rule_id].severity)
        if severity not in _SEVERITIES:
            raise InvalidParameter(f"{rule_id}: severity is {', '.join(_SEVERITIES)}, not {severity!r}")
        if by_id[rule_id].binding and (severity != "error" or settings.get("off")):
            raise InvalidParameter(f"{rule_id} cannot be lowered or switched off: the layers need what it asks for")
        severities[rule_id] = severity
        limits[rule_id] = MappingProxyType({name: own[name].parse(settings[name]) for name in own if name in settings})
        if settings.get("off", False) is True:
            off.add(rule_id)
    kept = tuple(rule for rule in rules if rule.id not in off)
    return RuleBook(rules=kept, severities=severities, limits=limits, name=path.name)
