"""A refusal as a page that a person can read: as much as the problem document says, everything escaped, no scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Any, cast

from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Check, Stack

STYLE = """\
:root{color-scheme:light dark;--paper:#f5f3ee;--sheet:#fffefb;--ink:#20242a;--soft:#5d646d;--line:#ddd8cc;
--accent:#1f5f5b;--on-accent:#fff;--bad:#a3271f;--bad-bed:#fae3df;--good:#17693f;--lost:#7a5200}
@media(prefers-color-scheme:dark){:root{--paper:#14171b;--sheet:#1c2026;--ink:#e8e6e0;--soft:#a2a8b1;--line:#31363e;
--accent:#76c7bd;--on-accent:#0d2220;--bad:#ff9c90;--bad-bed:#43201e;--good:#7fd6a3;--lost:#ecc16a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"DejaVu Sans",sans-serif;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
main{max-width:46rem;margin:0 auto;padding:clamp(1.5rem,7vh,5rem) 1.25rem 4rem}
h1{font-size:clamp(1.45rem,1.1rem + 1.6vw,2rem);line-height:1.25;letter-spacing:-.012em;margin:.7rem 0 0;
text-wrap:balance}
h2{font-size:.82rem;line-height:1.4;color:var(--soft);font-weight:600;margin:2.2rem 0 .6rem}
p{margin:0}
code,td{font:.88em/1.6 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",Menlo,monospace;unicode-bidi:isolate}
.what{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .75rem;color:var(--soft)}
.what b{background:var(--bad-bed);color:var(--bad);border-radius:6px;padding:.1rem .55rem;font-weight:650}
.hint{background:var(--sheet);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem}
.login{display:inline-block;margin-top:1.6rem;background:var(--accent);color:var(--on-accent);font-weight:600;
text-decoration:none;border-radius:8px;padding:.6rem 1.3rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%}
tr{border-top:1px solid var(--line)}
tr:last-child{border-bottom:1px solid var(--line)}
th,td{text-align:left;vertical-align:top;padding:.5rem 0}
th{font-weight:500;width:11rem;padding-right:1rem}
ol{list-style:none;margin:0;padding:0}
li{display:grid;grid-template-columns:10rem minmax(0,1fr);gap:0 1rem;padding:.6rem 0;border-top:1px solid var(--line)}
li:last-child{border-bottom:1px solid var(--line)}
li>*{grid-column:2}
li>b{grid-column:1;grid-row:1/span 4;font-weight:500}
li i{font-style:normal;font-weight:600}
.pass i,.allow i{color:var(--good)}
.abstain i{color:var(--lost)}
.deny i,.stop i{color:var(--bad)}
.stop{background:var(--bad-bed);margin:0 -.9rem;padding:.6rem .9rem;border-radius:10px;border-color:transparent}
.stop+li{border-color:transparent}
.silent,.facts{color:var(--soft)}
.stop .facts,.stop code{color:inherit}
@media(max-width:34rem){li{grid-template-columns:minmax(0,1fr)}li>*,li>b{grid-column:1;grid-row:auto}li>b{font-weight:650}
th{width:7rem}}
"""

STYLE_SOURCE = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
"""What a Content-Security-Policy must allow for this page to look like anything (CSP 3, 8.2)."""

_OUTCOMES = {
    "allow": "allowed",
    "pass": "passed",
    "abstain": "abstained",
    "deny": "refused",
    str(Reason.COOKIE_NOT_READ): "left aside",
}
"""What a verdict is called here; one reason has a word of its own."""

Line = Mapping[str, Any]


def refusal_page(
    document: Mapping[str, object], *, login_url: str | None = None, stack: Stack | None = None
) -> str:
    """Write the page; `document` is the problem document, `stack` what the request met, where it met one.

    What the document does not say is not on the page: with *code* title and code, with *off* the status.
    """
    title = _text(document.get("title", ""))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(document.get('status', ''))} {title}</title><style>{STYLE}</style></head><body><main>"
        f'<p class="what">{"".join(_what(document))}</p><h1>{title}</h1>'
        f"{''.join(_explained(document, login_url, stack))}</main></body></html>\n"
    )


def _what(document: Mapping[str, object]) -> Iterator[str]:
    yield f"<b>{_text(document.get('status', ''))}</b>"
    if "code" in document:
        yield f" <code>{_text(document['code'])}</code>"


def _explained(document: Mapping[str, object], login_url: str | None, stack: Stack | None) -> Iterator[str]:
    """Write what only a developer sees, but for the way to the login."""
    if document.get("hint"):
        yield f'<h2>What to do</h2><p class="hint">{_text(document["hint"])}</p>'
    if login_url and document.get("status") == 401:  # noqa: PLR2004 - who, not whether
        yield f'<a class="login" href="{_text(login_url)}">Log in</a>'
    evidence = cast("Mapping[str, object]", document.get("evidence") or {})
    if evidence:
        yield f"<h2>What was found</h2><table>{''.join(_row(*item) for item in evidence.items())}</table>"
    trace = cast("Sequence[Line]", document.get("trace") or ())
    if trace:
        name = f" of stack {_text(document['stack'])}" if document.get("stack") else ""
        yield f"<h2>How it was decided: the checks{name}</h2><ol>{''.join(_checks(document, trace, stack))}</ol>"


def _row(name: str, value: object) -> str:
    return f'<tr><th scope="row">{_text(_plain(name))}</th><td>{_text(_shown(value))}</td></tr>'


def _checks(document: Mapping[str, object], trace: Sequence[Line], stack: Stack | None) -> Iterator[str]:
    """Write the derived stack with what each check said; then who spoke and stands in no stack, such as a store."""
    left = list(trace)
    stop = _stop(document, trace)
    ended = False
    for check in stack.checks if stack else ():
        said = next((line for line in left if line["by"] == _speaker(check)), None)
        if said is not None:
            left.remove(said)
            ended = ended or said["verdict"] == "deny"
            yield _spoken(check.name, said, stop=said is stop)
        elif check.phase not in ("note", "answer"):
            yield _silent(check.name, "not reached" if ended else f"because {check.because}")
    for line in left:
        yield _spoken(str(line["by"]), line, stop=line is stop)


def _stop(document: Mapping[str, object], trace: Sequence[Line]) -> Line | None:
    """Find the line that became the answer: the first that says what the refusal says."""
    code = document.get("code")
    return next((line for line in trace if line["code"] == code), None)


def _speaker(check: Check) -> str:
    """Say under which name a check speaks in a trace."""
    kind, _, name = check.name.partition(" ")
    return name if kind in ("guard", "step") and name else check.name


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
