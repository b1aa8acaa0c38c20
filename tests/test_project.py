"""What the repository promises besides its code: pins with hashes, no addresses, a whole wheel, names that exist."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import guardhouse

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
BUILT = {"build", "dist", "__pycache__"}
HIDDEN = {".ci", ".editorconfig", ".gitignore"}

# Pieces are joined here, so that this table does not find itself.
FORBIDDEN = {
    "a package index": re.compile(
        "|".join(("py" + "pi\\.org", "pythonhosted\\.", "registry\\.npm" + "js", "npm" + "mirror"))
    ),
    "an option that names one": re.compile(
        r"(^|\s)--(extra-)?index" + r"-url[ =]\S|(^|\s)--find" + r"-links[ =]\S"
    ),
    "a home directory": re.compile(r"(?<![\w.])/(root|home/\w+|Users/\w+)" + r"/[\w.]"),
    "a folder of one machine": re.compile(r"(?<![\w.:/])/(work|opt|tmp)" + r"/[\w.]"),
}


def tracked() -> list[Path]:
    """List what is, or is about to be, in the repository; outside of one, what lies here and nobody built."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
            "\0"
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        names = [str(file.relative_to(ROOT)) for file in ROOT.rglob("*") if is_source(file.relative_to(ROOT))]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def is_source(file: Path) -> bool:
    """Tell what was written from what a tool has left."""
    return not BUILT & set(file.parts) and not any(part.startswith(".") for part in set(file.parts) - HIDDEN)


def findings(text: str) -> list[str]:
    """Say what must not stand in a file of the repository, with the line where it does."""
    return [
        f"{number}: {what}"
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]


def test_no_file_names_a_package_index_or_a_machine():
    found = [
        f"{file.relative_to(ROOT)}:{finding}"
        for file in tracked()
        if not file.name.endswith((".min.js", "-bundle.js"))
        for finding in findings(file.read_text(errors="replace"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("https://files.python" + "hosted.org/packages/x.whl", "a package index"),
        ("--index" + "-url https://example.com/simple", "an option that names one"),
        ("source = '/ho" + "me/ada/guardhouse'", "a home directory"),
        ("cache: /tm" + "p/x", "a folder of one machine"),
        ("href='/opt" + "/x'", "a folder of one machine"),
    ],
)
def test_a_planted_address_is_found(line: str, what: str):
    assert findings(f"fine\n{line}\n") == [f"2: {what}"]


@pytest.mark.parametrize("line", ["/api/me", "https://example.com/tmp/x", "/csrf-cookie", "a root/leaf"])
def test_an_address_of_the_application_is_fine(line: str):
    assert findings(line) == []


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_pin_is_exact_and_hashed(file: Path):
    logical = file.read_text().replace("\\\n", " ").splitlines()
    pins = [line for line in logical if line.strip() and not line.lstrip().startswith("#")]
    assert pins
    assert [
        pin for pin in pins if not re.match(r"[\w.-]+==[\w.!+-]+ .*--hash=sha256:[0-9a-f]{64}", pin)
    ] == []


def pinned(name: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / name).read_text(), re.MULTILINE))


def listed(group: list[str | dict[str, str]]) -> list[str]:
    """Leave out the groups that a group includes: they are asked for by themselves."""
    return [one for one in group if isinstance(one, str)]


def wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", requirement)[0] for requirement in requirements} - {"guardhouse"}


@pytest.mark.parametrize(
    ("name", "groups"), [("dev.txt", ["test", "lint", "oldest"]), ("bench.txt", ["bench", "oldest"])]
)
def test_the_pins_hold_all_that_pyproject_asks_for(name: str, groups: list[str]):
    """Red after a change of pyproject.toml: run `make lock`."""
    project = PYPROJECT["project"]
    asked = [project["dependencies"], *project["optional-dependencies"].values()]
    asked += [listed(PYPROJECT["dependency-groups"][group]) for group in groups]
    assert {one for some in asked for one in wanted(some)} <= pinned(name)


def test_every_dependency_is_argued():
    argued = (ROOT / "docs" / "dependencies.md").read_text()
    project, groups = PYPROJECT["project"], PYPROJECT["dependency-groups"]
    asked = [project["dependencies"], *project["optional-dependencies"].values()]
    asked += [listed(groups[group]) for group in ("test", "lint", "oldest", "bench")]
    assert {one for some in asked for one in wanted(some) if f"| {one} |" not in argued} == set()


def test_no_lock_file_that_would_name_an_index():
    assert [
        file.name for file in tracked() if file.name in {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock"}
    ] == []


def test_the_version_is_said_once_more_at_most():
    assert guardhouse.__version__ == PYPROJECT["project"]["version"]
    assert f"## [{guardhouse.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def modules() -> list[str]:
    """Name every module, except the one that runs when it is imported."""
    found = pkgutil.walk_packages(guardhouse.__path__, "guardhouse.")
    return ["guardhouse", *(module.name for module in found if not module.name.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_what_a_module_offers_is_there_and_in_order(name: str):
    module = importlib.import_module(name)
    offered = getattr(module, "__all__", [])
    assert [one for one in offered if not hasattr(module, one)] == []
    assert len(set(offered)) == len(offered)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


@pytest.mark.slow
def test_the_wheel_is_whole(wheel: zipfile.ZipFile):
    package = ROOT / "src" / "guardhouse"
    sources = {f"guardhouse/{file.relative_to(package)}" for file in package.rglob("*") if file.is_file()}
    assert {name for name in sources if "__pycache__" not in name} <= set(wheel.namelist())
    assert "guardhouse/py.typed" in wheel.namelist()


@pytest.mark.slow
def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile):
    name = next(name for name in wheel.namelist() if name.endswith("METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["License-Expression"] == "MIT"
    assert "LICENSE" in metadata.get_all("License-File", [])
    points = wheel.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert "guardhouse = guardhouse.cli:main" in points
    assert "[pytest11]\nguardhouse = guardhouse.pytest_plugin" in points
