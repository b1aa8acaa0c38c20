"""The script of the common passwords reads the published archives only, and says so to whoever hands in others."""

from __future__ import annotations

import gzip
import hashlib
import io
import runpy
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "common_passwords"


@pytest.fixture
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def archives(tmp_path: Path) -> list[Path]:
    """Three small archives, in the forms of the published ones."""
    one, two, three = tmp_path / "one.whl", tmp_path / "two.tgz", tmp_path / "three.whl"
    with zipfile.ZipFile(one, "w") as wheel:
        lists = (
            'FREQUENCY_LISTS = {"english": "a,b".split(","), "passwords": "Password,123,dragon1".split(",")}'
        )
        wheel.writestr("zxcvbn/frequency_lists.py", lists)
    with tarfile.open(two, "w:gz") as package:
        text = b'export default decompress("AmonkeyFsDy-wrench")'
        member = tarfile.TarInfo("package/dist/passwords.json.mjs")
        member.size = len(text)
        package.addfile(member, io.BytesIO(text))
    with zipfile.ZipFile(three, "w") as wheel:
        wheel.writestr("django/contrib/auth/common-passwords.txt.gz", gzip.compress(b"iloveyou\npassword\n"))
    return [one, two, three]


def test_each_archive_is_read_in_its_own_form(script, archives):
    one, two, three = archives
    assert script["zxcvbn"](one) == ["Password", "123", "dragon1"]
    assert list(script["zxcvbn_ts"](two)) == ["monkey", "monkes", "mony-wrench"]
    assert script["django"](three) == ["iloveyou", "password"]


def test_what_is_kept_is_folded_sorted_and_long_enough(script, archives, tmp_path, capsys):
    names = script["main"].__globals__
    readers = [script["zxcvbn"], script["zxcvbn_ts"], script["django"]]
    names["SOURCES"] = {
        hashlib.sha256(archive.read_bytes()).hexdigest(): reader
        for archive, reader in zip(archives, readers, strict=True)
    }
    names["HERE"] = tmp_path
    assert script["main"](archives) == 0
    written = (tmp_path / script["FILE"]).read_text().splitlines()
    assert written == ["dragon1", "iloveyou", "monkes", "monkey", "mony-wrench", "password"]
    assert "6 of 7 passwords" in capsys.readouterr().out


@pytest.mark.parametrize(
    "given", [0, 1, 3], ids=["none", "one of three", "three that are not the published ones"]
)
def test_other_archives_are_refused_and_nothing_is_written(script, archives, tmp_path, capsys, given):
    script["main"].__globals__["HERE"] = tmp_path
    assert script["main"](archives[:given]) == 2
    assert "as they were published" in capsys.readouterr().err
    assert not (tmp_path / script["FILE"]).exists()
