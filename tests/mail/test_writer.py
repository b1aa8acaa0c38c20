"""Every letter in every language: whole, translated, to one mailbox; and nothing breaks out of a header or a tag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.letter import Kind, Letter
from guardhouse.mail.writer import Writer
from guardhouse.templates.environment import Templates
from tests.mail.posts import ADA, LINK, SENDER, WHEN, Shouting, letter, writer

TEMPLATES = Templates(translations={"de": Shouting(), "ar": NullTranslations()})
WRITER = writer(TEMPLATES, "Büro & Co")


def written(one: Letter, by: Writer = WRITER) -> EmailMessage:
    """Write it, send it as bytes, and read it as a stranger's program does."""
    sent = by.write(one, message_id="<1@shop.example.com>", date=WHEN)
    return BytesParser(policy=policy.default).parsebytes(sent.as_bytes())


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Page(HTMLParser):
    """What a letter in HTML loads and links to, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.text = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data

    def all(self, name: str) -> list[Mapping[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.mark.parametrize("language", TEMPLATES.languages)
@pytest.mark.parametrize("kind", Kind)
def test_every_letter_is_whole_in_every_language(kind: Kind, language: str):
    message = written(letter(kind, language=language))
    text, page = part(message, "plain"), Page(part(message, "html"))
    assert [mailbox.addr_spec for mailbox in message["To"].addresses] == [ADA]
    assert (message["From"].addresses[0].display_name, message["From"].addresses[0].addr_spec) == (
        "Büro & Co",
        SENDER,
    )
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", language)
    assert (message["Message-ID"], message["Date"]) == (
        "<1@shop.example.com>",
        "Mon, 30 Nov 2026 21:05:00 +0000",
    )
    assert "Büro & Co" in message["Subject"]
    assert page.text.count(message["Subject"]) == 2  # as title and as heading
    assert f"\n{LINK}\n" in text.replace("\r\n", "\n")
    assert {link["href"] for link in page.all("a")} == {LINK}
    assert "{" not in text + page.text
    assert not [line for line in text.splitlines() if len(line) > 78 and LINK not in line]
    (html,) = page.all("html")
    assert html == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}


@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_loaded_and_nothing_runs(kind: Kind):
    html = part(written(letter(kind)), "html")
    known = ["html", "head", "meta", "title", "style", "body", "div", "p", "h1", "a", "br"]
    assert {tag for tag, _ in Page(html).tags} <= set(known)
    assert "url(" not in html
    assert "@import" not in html
    assert set(re.findall(r"https?://[^\"<\s]+", html)) == {LINK.replace("&", "&amp;")}


@pytest.mark.parametrize("kind", Kind)
def test_every_letter_says_what_to_do_if_it_was_somebody_else(kind: Kind):
    text = " ".join(part(written(letter(kind)), "plain").split())
    assert re.search(r"If it was not you, |If you did not |If you do not ", text)


@pytest.mark.parametrize("kind", Kind)
def test_every_sentence_can_be_translated(kind: Kind):
    """In the language of the test a text is marked and in capitals; small letters outside of values were left out."""
    message = written(letter(kind, language="de"))
    for text in (part(message, "plain"), Page(part(message, "html")).text, message["Subject"]):
        values = ("Büro & Co", LINK, "Firefox on Windows", "203.0.113.0/24", "2026-11-30 21:05 UTC")
        left = " ".join(text.split())
        for value in values:
            left = left.replace(value, "")
        assert not re.search(r"[a-z]{2}", left), left


@pytest.mark.parametrize(
    ("minutes", "span"),
    [
        (1, "one minute"),
        (20, "20 minutes"),
        (60, "one hour"),
        (90, "90 minutes"),
        (120, "2 hours"),
        (1440, "one day"),
        (10080, "7 days"),
    ],
)
def test_how_long_a_link_works(minutes: int, span: str):
    text = part(written(letter(Kind.INVITATION, minutes=minutes)), "plain")
    assert f"only for the next {span}." in " ".join(text.split())


@pytest.mark.parametrize("device", ["", "curl"])
def test_what_is_not_known_has_no_line(device: str):
    text = part(written(letter(Kind.NEW_DEVICE, device=device, place="")), "plain")
    assert ("With: " in text, "From: " in text) == (bool(device), False)


_NASTY = some.text(alphabet=some.sampled_from("\r\n\0\u2028<>\"'&{}%a: \u202e"), max_size=30)


@settings(deadline=None)  # a letter takes some milliseconds, and a busy machine many
@given(_NASTY)
def test_a_value_stays_in_its_place(device: str):
    message = written(letter(Kind.NEW_DEVICE, device=device))
    ordinary = written(letter(Kind.NEW_DEVICE))
    assert list(message.keys()) == list(ordinary.keys())
    assert message["Subject"] == ordinary["Subject"]
    tags = [tag for tag, _ in Page(part(message, "html")).tags]
    common = [tag for tag, _ in Page(part(ordinary, "html")).tags]
    assert tags == (common if device else [*common[: common.index("br")], *common[common.index("br") + 1 :]])


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com,eve@evil.example",
        "Ada <ada@example.com>",
        "ada@example.com\r\nBcc: eve@evil.example",
        "root@localhost",
        "",
    ],
)
def test_what_is_not_one_address_gets_no_letter_and_is_not_repeated(to: str):
    with pytest.raises(MailError, match="not one address") as told:
        written(letter(to=to))
    assert to == "" or to not in str(told.value)


def test_a_domain_of_other_letters_is_written_as_the_name_system_has_it():
    assert written(letter(to="ada@bücher.example"))["To"] == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "http://shop.example.com/x", "/x", "https://x/\r\ny"]
)
def test_a_letter_carries_no_link_of_another_kind(link: str):
    with pytest.raises(MailError, match="no https address") as told:
        written(letter(link=link))
    assert link not in str(told.value)


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("app_name", {"app_name": ""}),
        ("app_name", {"app_name": "Shop\r\nBcc: eve@evil.example"}),
        ("sender", {"sender": "Shop <no-reply@shop.example.com>"}),
        ("sender", {"sender": "localhost"}),
        ("reply_to", {"reply_to": "a@example.com, b@example.com"}),
    ],
)
def test_what_no_letter_can_begin_with_stops_the_start(key: str, settings: dict[str, str]):
    with pytest.raises(ConfigError, match=f"^{key}: "):
        Writer(TEMPLATES, **{"app_name": "Shop", "sender": SENDER, **settings})


def test_answers_may_go_elsewhere():
    by = Writer(TEMPLATES, app_name="Shop", sender=SENDER, reply_to="help@example.com")
    assert written(letter(), by)["Reply-To"] == "help@example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mail").mkdir()
    return tmp_path


def test_an_application_replaces_the_words_of_one_letter(folder: Path):
    (folder / "mail" / "magic_link.words").write_text(
        '{% import "guardhouse/mail/magic_link.words" as ours with context %}{% set subject %}Come in{% endset %}'
        "{% set body %}The door of {{ app_name }}.{% endset %}{% set action %}Enter{% endset %}"
        "{% set otherwise = ours.otherwise %}"
    )
    message = written(letter(Kind.MAGIC_LINK), writer(Templates(folder)))
    assert message["Subject"] == "Come in"
    assert "The door of Shop." in part(message, "plain")
    assert "The door of Shop." in part(message, "html")
    assert written(letter(), writer(Templates(folder)))["Subject"] == "Choose a new password for Shop"


def test_an_application_has_letters_of_its_own(folder: Path):
    (folder / "mail" / "shipped.txt").write_text("Order {{ number }}\n\nIt is on its way.")
    (folder / "mail" / "shipped.html").write_text("<p>{{ number }}")
    message = written(Letter("shipped", ADA, {"number": "<7>"}), writer(Templates(folder)))
    assert (message["Subject"], part(message, "html").strip()) == ("Order <7>", "<p>&lt;7&gt;")


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        pytest.param("Subject\n\n{{ missing }}", "UndefinedError: 'missing' is undefined", id="a value"),
        pytest.param("Subject\n\n{% if %}", "TemplateSyntaxError", id="syntax"),
        pytest.param("{% extends 'no.txt' %}", "TemplateNotFound", id="a parent"),
        pytest.param("Subject\n\n{{ link + 1 }}", "txt: TypeError", id="an error of Python"),
        pytest.param("Subject", "not a subject in one line", id="no body"),
        pytest.param("", "not a subject in one line", id="nothing"),
        pytest.param("Sub\tject\n\nbody", "not a subject in one line", id="a control character"),
    ],
)
def test_a_template_that_is_spoilt_is_told_of_without_the_link(folder: Path, text: str, trouble: str):
    (folder / "mail" / "reset_password.txt").write_text(text)
    spoilt = writer(Templates(folder))
    with pytest.raises(MailError, match="reset_password") as told:
        written(letter(), spoilt)
    assert trouble in told.value.trouble
    assert not told.value.temporary
    assert LINK not in str(told.value)
    with pytest.raises(ConfigError, match="mail/reset_password in en"):
        spoilt.check()


def test_a_catalogue_that_asks_for_more_than_there_is_is_found_at_the_start():
    class Broken(NullTranslations):
        def gettext(self, message: str) -> str:
            return "%(nobody)s"

    with pytest.raises(ConfigError, match=r"in fr: found '.*KeyError"):
        writer(Templates(translations={"fr": Broken()})).check()


def test_the_packages_own_are_whole():
    WRITER.check()


def test_the_moment_is_written_as_mail_has_it():
    date = WRITER.write(letter(), message_id="<1@x>", date=WHEN + timedelta(days=1))["Date"]
    assert date == "Tue, 01 Dec 2026 21:05:00 +0000"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, None),
        ({"passkeys": 0, "foreign_logins": 0}, None),
        ({"passkeys": 1}, "One passkey lets you in as before. If one of them is not yours"),
        ({"passkeys": 2, "foreign_logins": 1}, "2 passkeys let you in as before. One login elsewhere lets"),
    ],
)
def test_a_new_password_is_told_with_what_lets_in_beside_it(more, said):
    values = {"link": LINK, "device": "", "place": "", "time": WHEN} | more
    for part in written(Letter(Kind.PASSWORD_CHANGED, "ada@example.com", values)).walk():
        if part.get_content_maintype() == "text":
            text = " ".join(part.get_content().split())
            assert (said is None and "as before" not in text) or (said is not None and said in text)
