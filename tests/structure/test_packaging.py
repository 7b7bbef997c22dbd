"""What is installed is exactly the three packages, whole."""

import configparser
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.structure import source


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    """Return setup.cfg, parsed."""
    config = configparser.ConfigParser()
    config.read(source.ROOT / "setup.cfg", encoding="utf-8")
    return config


def test_the_packages_are_exactly_the_three_with_their_rooms(
    setup_cfg: configparser.ConfigParser,
) -> None:
    """Nothing else is installed, and no package inside them is forgotten."""
    found = {
        str(path.parent.relative_to(source.ROOT)).replace("/", ".")
        for path in source.modules()
        if path.name == "__init__.py"
    }

    assert set(setup_cfg["options"]["packages"].split()) == found
    assert {name.partition(".")[0] for name in found} == set(source.PACKAGES)


def test_no_other_distribution_owns_the_names_of_the_packages() -> None:
    """A second distribution with a package `api` would overwrite ours silently."""
    owners = importlib.metadata.packages_distributions()
    others = {
        package: sorted(set(owners.get(package, ())) - {"kerbside"})
        for package in (*source.PACKAGES, "tests", "benchmarks", "docs")
    }

    assert {package: names for package, names in others.items() if names} == {}


def test_every_file_beside_the_code_is_package_data(
    setup_cfg: configparser.ConfigParser,
) -> None:
    """A script or data file that is not declared would be missing from the wheel."""
    declared = {
        path
        for package, patterns in setup_cfg["options.package_data"].items()
        for pattern in re.split(r"[,\s]+", patterns.strip())
        for path in (source.ROOT / package).glob(pattern)
    }
    tracked = {path for path in _tracked(*source.PACKAGES) if path.suffix != ".py"}

    assert tracked - declared == set()


def test_every_package_that_the_code_imports_is_a_requirement(
    setup_cfg: configparser.ConfigParser,
) -> None:
    """Of all or of an extra: what comes along with another may stop coming along."""
    graph = grimp.build_graph(
        *source.PACKAGES, include_external_packages=True, cache_dir=None
    )
    imported = {module.partition(".")[0] for module in graph.modules}
    foreign = imported - set(source.PACKAGES) - sys.stdlib_module_names
    owners = importlib.metadata.packages_distributions()
    extras = setup_cfg["options.extras_require"]
    lists = [setup_cfg["options"]["install_requires"]]
    lists += [extras[name] for name in extras if name != "dev"]
    wanted = {"pydantic-core"}.union(*map(_names, lists))

    assert {
        name
        for name in foreign
        if wanted.isdisjoint(_normal(dist) for dist in owners.get(name, [name]))
    } == set()


@pytest.mark.parametrize("lock", ["base.txt", "dev.txt"])
def test_the_locks_pin_every_requirement_and_name_no_index(
    setup_cfg: configparser.ConfigParser, lock: str
) -> None:
    """A lock installs the same files everywhere, from whatever index is set up."""
    text = (source.ROOT / "requirements" / lock).read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
    options = re.findall(r"^-.*", text, re.MULTILINE)
    wanted = setup_cfg["options"]["install_requires"]
    if lock == "dev.txt":
        wanted += setup_cfg["options.extras_require"]["dev"]

    assert _names(wanted) - pinned == set()
    assert options == []
    assert "://" not in text


def test_the_lock_of_the_airflow_example_pins_airflow_and_names_no_index() -> None:
    """It is locked by another tool, and is a lock as the others are."""
    folder = source.ROOT / "examples" / "airflow"
    wanted = (folder / "requirements.in").read_text().splitlines()[-1]
    text = (folder / "requirements.txt").read_text()
    pins = re.findall(r"^[\w.-]+==.*", text, re.MULTILINE)

    assert f"{wanted} \\" in pins
    assert [pin for pin in pins if not pin.endswith("\\")] == []
    assert re.findall(r"^-.*|.*://.*", text, re.MULTILINE) == []


def _names(requirements: str) -> set[str]:
    """Return the distributions that a list of requirements names."""
    return {re.split(r"[\[<>=]", line)[0] for line in requirements.split("\n") if line}


def _normal(distribution: str) -> str:
    """Return the one form of a distribution's name, PEP 503."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _tracked(*folders: str) -> list[Path]:
    output = subprocess.run(
        ["git", "ls-files", *folders],
        cwd=source.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [source.ROOT / name for name in output.splitlines()]
