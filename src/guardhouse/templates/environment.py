"""One Jinja2 environment for mail and pages: strict about names, escaping in HTML, in each language that has a catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from gettext import NullTranslations
from os import PathLike
from pathlib import Path
from typing import Any

from guardhouse.errors import ConfigError
from guardhouse.templates.language import best_language, direction

try:
    from jinja2 import (
        BaseLoader,
        ChoiceLoader,
        Environment,
        FileSystemLoader,
        PackageLoader,
        PrefixLoader,
        StrictUndefined,
        TemplateSyntaxError,
        select_autoescape,
    )
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "letters and pages are written with jinja2: pip install 'guardhouse[ways]'", name=missing.name
    ) from missing

__all__ = ["Templates"]

_ENDINGS = frozenset({".html", ".txt", ".words"})


class Templates:
    """The package's templates, with those of `folder` in the place of any that has the same name there.

    `translations` holds a gettext catalogue for each further language, by its tag. A template of yours can extend ours as
    `guardhouse/mail/letter.html`. Changed files are read again only with `reload`, for development.
    """

    def __init__(
        self,
        folder: str | PathLike[str] | None = None,
        *,
        translations: Mapping[str, NullTranslations] | None = None,
        language: str = "en",
        reload: bool = False,
    ) -> None:
        catalogues = {_tag(tag): catalogue for tag, catalogue in (translations or {}).items()}
        self.languages: Sequence[str] = tuple(dict.fromkeys([_tag(language), *catalogues]))
        """All that can be written, the default first."""
        self._folder = None if folder is None else Path(folder)
        loader = _loader(folder)
        self._catalogues = catalogues
        self._environments = {
            tag: _environment(loader, catalogues.get(tag, NullTranslations()), tag, reload=reload)
            for tag in self.languages
        }

    def language(self, accepted: str = "") -> str:
        """Choose the language for an Accept-Language header, or the one nearest to a tag; the default for nothing."""
        return best_language(accepted, self.languages)

    def translated(self, text: str, language: str = "") -> str:
        """Look a sentence up as it is, and fill nothing in: it may hold what a visitor typed, signs of percent and of HTML too."""
        catalogue = self._catalogues.get(self.language(language))
        return text if catalogue is None or not text else catalogue.gettext(text)

    def check(self) -> None:
        """Read every template of `folder` once, and raise `ConfigError` for the first that is none."""
        environment = self._environments[self.languages[0]]
        for name in () if self._folder is None else _texts_in(self._folder):
            try:
                environment.get_template(name)
            except TemplateSyntaxError as error:
                found = f"{error.name}, line {error.lineno}: {error.message}"
                raise ConfigError("templates", found, f"Mend it in {self._folder}.") from error

    def render(self, names: str | Sequence[str], values: Mapping[str, object], language: str = "") -> str:
        """Fill in the template, or the first that is there of several; a value that is missing raises."""
        environment = self._environments[self.language(language)]
        return environment.get_or_select_template([names] if isinstance(names, str) else list(names)).render(
            values
        )


def _texts_in(folder: Path) -> Sequence[str]:
    """Name the templates in a folder as they are asked for; what lies beside mail/ and pages/ is none of ours."""
    found = (file for place in ("mail", "pages") for file in (folder / place).rglob("*"))
    return sorted(file.relative_to(folder).as_posix() for file in found if file.suffix in _ENDINGS)


def _loader(folder: str | PathLike[str] | None) -> BaseLoader:
    ours = PackageLoader("guardhouse.templates", "")
    loaders: list[BaseLoader] = [ours, PrefixLoader({"guardhouse": ours})]
    if folder is not None:
        if not Path(folder).is_dir():
            raise ConfigError(
                "templates", str(folder), "Name a folder that is there; in it lie mail/ and pages/."
            )
        loaders.insert(0, FileSystemLoader(Path(folder)))
    return ChoiceLoader(loaders)


def _environment(loader: BaseLoader, catalogue: NullTranslations, tag: str, *, reload: bool) -> Environment:
    """Make an environment of one language: what the i18n extension installs is the same for all templates of one."""
    environment = Environment(
        loader=loader,
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        auto_reload=reload,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    open_: Any = environment  # its tables have no types, and one of its verbs comes with the extension
    open_.install_gettext_translations(catalogue, newstyle=True)
    open_.globals.update(language=tag, direction=direction(tag))
    open_.filters["moment"] = _moment
    return environment


def _tag(name: str) -> str:
    """Write a language's name as HTML and HTTP do; gettext's folders have `pt_BR`."""
    tag = name.replace("_", "-")
    if not tag or best_language(tag, ("", tag)) != tag:
        raise ConfigError("translations", name, "Name languages by their tags: de, pt-BR.")
    return tag


def _moment(moment: object) -> str:
    """Write a moment so that no country reads it as another; a text is one that the application has worded itself."""
    if not isinstance(moment, datetime):
        return str(moment)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
