"""The package's templates, those of an application in their place, catalogues, and what is escaped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from gettext import NullTranslations
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import TemplateNotFound

from guardhouse.errors import ConfigError
from guardhouse.templates.environment import Templates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    return tmp_path


def test_html_is_escaped_and_text_is_not(folder: Path):
    for ending in ("html", "txt", "words"):
        (folder / "pages" / f"name.{ending}").write_text("{{ name }}")
    templates = Templates(folder)
    shown = [
        templates.render(f"pages/name.{ending}", {"name": "<b>&'"}) for ending in ("html", "txt", "words")
    ]
    assert shown == ["&lt;b&gt;&amp;&#39;", "<b>&'", "<b>&'"]


def test_a_value_that_is_missing_raises(folder: Path):
    (folder / "pages" / "name.txt").write_text("{{ nmae }}")
    with pytest.raises(UndefinedError, match="'nmae' is undefined"):
        Templates(folder).render("pages/name.txt", {"name": "Ada"})


@pytest.mark.parametrize("name", ["../secret.txt", "pages/../../secret.txt", "/etc/hostname", "environment"])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str):
    (folder.parent / "secret.txt").write_text("secret")
    with pytest.raises(TemplateNotFound):
        Templates(folder).render(name, {})


def test_the_first_that_is_there_is_filled_in(folder: Path):
    (folder / "pages" / "b.txt").write_text("b")
    assert Templates(folder).render(["pages/a.txt", "pages/b.txt"], {}) == "b"


def test_a_changed_file_is_read_again_in_development_only(folder: Path):
    file = folder / "pages" / "a.txt"
    file.write_text("before")
    kept, fresh = Templates(folder), Templates(folder, reload=True)
    assert kept.render("pages/a.txt", {}) == fresh.render("pages/a.txt", {}) == "before"
    file.write_text("afterwards")
    assert kept.render("pages/a.txt", {}) == "before"
    assert fresh.render("pages/a.txt", {}) == "afterwards"


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path):
    with pytest.raises(ConfigError, match="a folder that is there"):
        Templates(tmp_path / "templates")


class German(NullTranslations):
    def gettext(self, message: str) -> str:
        return {"Hello %(name)s": "Guten Tag, %(name)s"}.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return "ein Tag" if n == 1 else "%(n)s Tage"


def test_each_language_has_its_catalogue_and_none_meets_another(folder: Path):
    words = "{% trans %}Hello {{ name }}{% endtrans %} {% trans n=days %}a day{% pluralize %}{{ n }} days{% endtrans %}"
    (folder / "pages" / "a.html").write_text("{{ language }} {{ direction }} " + words)
    templates = Templates(folder, translations={"de": German(), "pt_BR": NullTranslations()})
    assert templates.languages == ("en", "de", "pt-BR")
    values = {"name": "<A>", "days": 2}
    shown = {tag: templates.render("pages/a.html", values, tag) for tag in ("en", "de-AT", "pt-BR", "", "fr")}
    assert shown["en"] == "en ltr Hello &lt;A&gt; 2 days"
    assert shown["de-AT"] == "de ltr Guten Tag, &lt;A&gt; 2 Tage"
    assert shown["pt-BR"] == "pt-BR ltr Hello &lt;A&gt; 2 days"
    assert shown[""] == shown["fr"] == shown["en"]


@pytest.mark.parametrize("name", ["", "german!", "../de", "*", "de;q=0"])
def test_a_catalogue_without_a_tag_stops_the_start(name: str):
    with pytest.raises(ConfigError, match="their tags"):
        Templates(translations={name: NullTranslations()})


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 30, 21, 5, 9, tzinfo=UTC), "2026-11-30 21:05 UTC"),
        (datetime(2026, 12, 1, 0, 5, tzinfo=timezone(timedelta(hours=2))), "2026-11-30 22:05 UTC"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_moment_reads_the_same_everywhere(folder: Path, moment: object, shown: str):
    (folder / "pages" / "a.txt").write_text("{{ moment | moment }}")
    assert Templates(folder).render("pages/a.txt", {"moment": moment}) == shown


def test_a_moment_without_a_zone_is_none(folder: Path):
    (folder / "pages" / "a.txt").write_text("{{ moment | moment }}")
    with pytest.raises(ValueError, match="time zone"):
        Templates(folder).render("pages/a.txt", {"moment": datetime(2026, 1, 1)})  # noqa: DTZ001 - the mistake
