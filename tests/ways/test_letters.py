"""What becomes of letters: one that is lost is told to listeners, and templates that are spoiled stop the start."""

from __future__ import annotations

from datetime import timedelta
from gettext import NullTranslations

import pytest

from guardhouse.core.events import LetterLost
from guardhouse.desks.outbox import Outbox
from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.letter import Letter
from guardhouse.mail.memory import MemoryMailer
from guardhouse.mail.writer import Writer
from guardhouse.templates.environment import Templates
from tests.houses import ADA
from tests.ways.houses import World


class Refusing:
    """A mail server that takes nothing."""

    async def send(self, letter: Letter) -> None:
        raise MailError(letter.kind, "550 5.1.1")


def test_listeners_of_the_house_hear_of_a_lost_letter_and_of_no_secret(portal, caplog):
    heard: list[LetterLost] = []

    class Listening(World):
        def defined(self) -> None:
            self.house.listen(LetterLost, heard.append)

    world = Listening(portal, mail=(outbox := Outbox(Refusing(), spread=timedelta(0))))
    answer = world.visitor().post("/forgot-password", json={"email": ADA.email})
    assert answer.json() == {"done": "reset-link-sent"}
    portal.call(outbox.close)
    assert heard == [LetterLost("reset_password", "550 5.1.1")]
    assert "the letter reset_password to a***@" in caplog.text
    assert "token=" not in caplog.text
    assert ADA.email not in caplog.text


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        pytest.param("mail/reset_password.txt", "{{ nothing }}", "mail/reset_password in en", id="a value"),
        pytest.param(
            "mail/reset_password.words", "{% set", "mail/reset_password.words, line 1", id="a letter"
        ),
        pytest.param("pages/login.html", "one\n{% if %}", "pages/login.html, line 2", id="a page"),
        pytest.param("pages/own/more.html", "{{ }", "pages/own/more.html, line 1", id="one of yours"),
    ],
)
def test_a_spoiled_template_stops_the_start_and_is_named(worlds, tmp_path, file, text, found):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    templates = Templates(tmp_path)
    written = Writer(templates, app_name="Acme", sender="no-reply@shop.example.com")
    with pytest.raises(ConfigError) as told:
        worlds(mail=MemoryMailer(written), templates=templates)
    assert found in str(told.value)
    assert "Mend" in str(told.value)


def test_what_lies_beside_them_is_no_template(worlds, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "notes.md").write_text("{% if %}")
    (tmp_path / "other.html").write_text("{% if %}")
    worlds(templates=Templates(tmp_path))


def test_a_spoiled_catalogue_of_letters_stops_the_start(worlds):
    class Broken(NullTranslations):
        def gettext(self, message: str) -> str:
            return "%(nobody)s"

    templates = Templates(translations={"fr": Broken()})
    written = Writer(templates, app_name="Acme", sender="no-reply@shop.example.com")
    with pytest.raises(ConfigError, match="in fr"):
        worlds(mail=MemoryMailer(written))
