"""A refusal as a page that a person can read: as much as the problem document says, everything escaped, no scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from re import compile as pattern
from typing import Any, cast

from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.walked import Line, walked
from guardhouse.edge.page_style import STYLE

_OUTCOMES = {
    "allow": "allowed",
    "pass": "passed",
    "abstain": "abstained",
    "deny": "refused",
    str(Reason.COOKIE_NOT_READ): "left aside",
}
"""What a verdict is called here; one reason has a word of its own."""


def refusal_page(
    document: Mapping[str, object], *, login_url: str | None = None, stack: Stack | None = None
) -> str:
    """Write the page; `document` is the problem document, `stack` what the request met, where it met one.

    What the document does not say is not on the page: with *code* title and code, with *off* the status.
    """
    title = _text(document.get("title", ""))
    kind = ' class="full"' if "trace" in document else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(document.get('status', ''))} {title}</title><style>{STYLE}</style></head><body><main{kind}>"
        f'<header><p class="what">{"".join(_what(document))}</p><h1>{title}</h1></header>'
        f"{''.join(_explained(document, login_url, stack))}</main></body></html>\n"
    )


def _what(document: Mapping[str, object]) -> Iterator[str]:
    yield f"<b>{_text(document.get('status', ''))}</b>"
    if "code" in document:
        yield f" <code>{_text(document['code'])}</code>"


def _explained(document: Mapping[str, object], login_url: str | None, stack: Stack | None) -> Iterator[str]:
    """Write what only a developer sees, but for the way to the login."""
    yield "<div>"
    yield from _to_do(document)
    if login_url and document.get("status") == 401:  # noqa: PLR2004 - who, not whether
        yield f'<a class="login" href="{_text(login_url)}">Log in</a>'
    evidence = cast("Mapping[str, object]", document.get("evidence") or {})
    if evidence:
        yield f"<h2>What was found</h2><table>{''.join(_row(*item) for item in evidence.items())}</table>"
    yield "</div><div>"
    trace = cast("Sequence[Line]", document.get("trace") or ())
    if trace:
        name = f" of stack {_text(document['stack'])}" if document.get("stack") else ""
        checks = "".join(_checks(document, trace, stack))
        yield f'<h2>How it was decided: the checks{name}</h2><ol class="checks">{checks}</ol>'
    yield from _again(document)
    yield "</div>"
    if "request_id" in document:
        yield f"<footer>Request <code>{_text(document['request_id'])}</code>, as the log calls it.</footer>"


def _to_do(document: Mapping[str, object]) -> Iterator[str]:
    """Write what to mend: one hint, or the causes in their order, each with its own."""
    causes = cast("Sequence[Mapping[str, Any]]", document.get("causes") or ())
    if len(causes) > 1:
        code = document.get("code")
        yield "<h2>What to mend, in this order<small>each of them alone is enough to be refused</small></h2>"
        yield f'<ol class="causes">{"".join(_cause(one, answer=one["code"] == code) for one in causes)}</ol>'
    elif causes or document.get("hint"):
        told = causes[0] if causes else document
        why = f" <code>{_text(told['code'])}</code>" if causes else ""
        yield f'<h2>What to do{why}</h2><p class="hint">{_marked(str(told["hint"]))}</p>'


def _cause(cause: Mapping[str, Any], *, answer: bool) -> str:
    kind = ' class="answer"' if answer else ""
    return (
        f"<li{kind}><h3>{_text(cause['says'])}</h3>"
        f"<p>{_marked(str(cause['hint']))}</p><code>{_text(cause['code'])}</code></li>"
    )


def _again(document: Mapping[str, object]) -> Iterator[str]:
    """Write the command that asks once more, and the one that explains the code."""
    if "repeat" in document:
        yield "<h2>Ask again<small>click, copy, and put your values in</small></h2>"
        yield f"<pre>{_text(document['repeat'])}</pre>"
        yield f'<p class="below">What the code means: <code>guardhouse reason {_text(document.get("code", ""))}</code></p>'


_CODE = pattern(
    r"[A-Za-z_][\w.]*\((?:[^()]|\([^()]*\))*\)|\b\w+=(?:'[^']*'|\[[^\]]*\]|True|False|None)"
    r"|\b\w+: (?:'[^']*'|true)|\b(?:GET|POST) /\S*\w|\bX-[A-Z][\w-]+|`[^`]+`"
)
"""What looks like a line to write somewhere."""


def _marked(text: str) -> str:
    """Set what looks like code apart; not a character of the text is changed."""
    parts: list[str] = []
    end = 0
    for found in _CODE.finditer(text):
        parts += [_text(text[end : found.start()]), f"<code>{_text(found[0])}</code>"]
        end = found.end()
    return "".join([*parts, _text(text[end:])])


def _row(name: str, value: object) -> str:
    return f'<tr><th scope="row">{_text(_plain(name))}</th><td>{_text(_shown(value))}</td></tr>'


def _checks(document: Mapping[str, object], trace: Sequence[Line], stack: Stack | None) -> Iterator[str]:
    """Write the derived stack with what each check said."""
    for place in walked(stack.checks if stack else (), trace, document.get("code")):
        if place.line is not None:
            yield _spoken(place.name, place.line, stop=place.stop)
        else:
            yield _silent(place.name, f"because {place.because}" if place.reached else "not reached")


def _spoken(name: str, line: Line, *, stop: bool) -> str:
    verdict = str(line["verdict"])
    outcome = f"{_OUTCOMES.get(line['code'], _OUTCOMES[verdict])}{', and this is the answer' if stop else ''}"
    evidence = "; ".join(f"{_plain(key)}: {_shown(value)}" for key, value in line["evidence"].items())
    facts = f'<span class="facts">{_text(evidence)}</span>' if evidence and not stop else ""
    return (
        f'<li class="{_text(verdict)}{" stop" if stop else ""}"><b>{_text(name)}</b>'
        f"<span><i>{_text(outcome)}</i> <code>{_text(line['code'])}</code></span>"
        f"<span>{_text(line['says'])}</span>{facts}</li>"
    )


def _silent(name: str, why: str) -> str:
    return f'<li class="silent"><b>{_text(name)}</b><span>{_text(why)}</span></li>'


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, cast("Sequence[object]", value))) or "none"
    return str(value)


def _text(value: object) -> str:
    """Escape for text and for quoted attributes; what no encoding can write is spelled out."""
    return escape(str(value).encode("utf-8", "backslashreplace").decode("utf-8"))
