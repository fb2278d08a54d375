"""pyproject.toml, requirements.lock and environment.yml name the same dependencies, and the code no others."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
# One that has no wheel of all its parts, so that it is not in the lock; what wants it says so where it is absent.
CHECKS = [Requirement(text) for text in PROJECT["optional-dependencies"]["check"]]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
#: What conda-forge calls otherwise.
CONDA_NAMES = {"isal": "python-isal"}
LOCKED = {name: Version(version) for name, version in re.findall(r"^(\S+)==([^\s;]+)", LOCK, re.MULTILINE)}


@pytest.mark.parametrize("requirement", RUNTIME + DEVELOPMENT, ids=lambda requirement: requirement.name)
def test_every_dependency_has_one_lower_bound_and_is_locked_at_or_above_it(requirement):
    (bound,) = requirement.specifier
    assert bound.operator == ">="
    assert LOCKED[canonicalize_name(requirement.name)] in requirement.specifier


def test_every_locked_version_is_held_by_a_hash_and_by_no_place():
    entries = re.split(r"^(?=\S+==)", LOCK, flags=re.MULTILINE)[1:]
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"://|^-|@|\./|file:", LOCK, re.MULTILINE) == []


def test_the_conda_environment_asks_for_the_same_as_the_project():
    lines = (ROOT / "environment.yml").read_text("utf-8").splitlines()
    asked = [line for line in lines[lines.index("dependencies:") + 1 :] if line.lstrip().startswith("- ")]
    listed = [line.strip(" -") for line in asked if not line.startswith("  - pip:")]
    # What is not for every platform cannot be listed in a file that is.
    everywhere = [requirement for requirement in RUNTIME + DEVELOPMENT if requirement.marker is None]
    names = {requirement.name: CONDA_NAMES.get(requirement.name, requirement.name) for requirement in everywhere}
    wanted = [f"python {PROJECT['requires-python']}", *(f"{names[r.name]} {r.specifier}" for r in everywhere)]
    assert sorted(listed) == sorted(wanted)


#: Scripts that tests run in the Python of the system, where QGIS has its bindings.
IN_ANOTHER_PYTHON = "support/*_in_qgis.py"


@pytest.mark.parametrize(
    ("rooms", "allowed"),
    [
        (["twin", "layers", "bim", "tiles", "api", "sample_gis"], RUNTIME + CHECKS),
        (["tests", "benchmarks"], RUNTIME + CHECKS + DEVELOPMENT),
        ([".ci"], []),
    ],
    ids=["program", "tests", "bootstrap"],
)
def test_the_code_imports_only_what_the_project_asks_for(rooms, allowed):
    ours = {file.stem for file in ROOT.glob("*/") if file.is_dir()}
    distributions = packages_distributions()
    known = {requirement.name for requirement in allowed}
    for room in rooms:
        files = [file for file in (ROOT / room).rglob("*.py") if not file.match(IN_ANOTHER_PYTHON)]
        ours |= {file.stem for file in files}
        for file in files:
            for module in imported_modules(file) - ours - set(sys.stdlib_module_names):
                names = {canonicalize_name(name) for name in distributions.get(module, [module])}
                assert names & known, f"{file.relative_to(ROOT)} imports {module}"


def imported_modules(file):
    """Return the top-level names that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found
