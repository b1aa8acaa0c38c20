"""How a decision is drawn: a tree of what was asked, what each check said, where it stopped, and what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from guardhouse.cli.output import grid, plain, styled
from guardhouse.core.causes import Cause, hint_of
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Caller, Client
from guardhouse.core.walked import Place, walked
from guardhouse.doctor.explanation import Explanation

__all__ = ["explanation_rows"]

_STYLES = {"allow": "bold green", "deny": "bold red", "abstain": "yellow", "pass": "dim"}

_HEADLINES: Mapping[str, tuple[str, str]] = {
    "guest": ("yellow", "Nobody is proven to call, and the guard is optional: a guest may pass."),
    "public": ("yellow", "The route is public: no guard was asked."),
    "undecided": ("bold red", "No guard was asked. Guard the route, or say @house.public."),
    "no route": (
        "bold red",
        "The application has no route for this method and path; no guard was asked. `guardhouse routes` lists them.",
    ),
    "failed": ("bold red", "The application failed before any guard was asked."),
}


def explanation_rows(
    explanation: Explanation, stacks: Iterable[Stack], *, sent: bool
) -> Iterator[tuple[Text, RenderableType]]:
    """Write the parts of an explanation, each with its label; `sent` is whether there was a response."""
    yield _headline(explanation)
    if explanation.trace:
        yield Text("decision", style="dim"), _tree(explanation, stacks)
    refusal = explanation.refusal
    if refusal and refusal.evidence:
        yield Text("evidence", style="dim"), _pairs(refusal.evidence)
    if refusal and len(refusal.causes) > 1:
        yield Text("mend", style="dim"), _causes(refusal.causes)
    elif refusal and (hint := hint_of(refusal.causes[0] if refusal.causes else refusal)):
        yield Text("hint", style="dim"), styled(hint, "cyan")
    if explanation.failure is not None:
        fault = f"The application raised {type(explanation.failure).__name__} (--traceback shows the whole)."
        yield Text("failure", style="dim"), styled(fault, "bold red")
    if sent:
        yield Text("response", style="dim"), _response(explanation)


def _headline(explanation: Explanation) -> tuple[Text, Text]:
    refusal, identity, outcome = explanation.refusal, explanation.identity, explanation.outcome
    if refusal is not None:
        text = Text.assemble(
            (f"{refusal.status} {refusal.reason}", "bold red"), f" by {refusal.by}\n", refusal.entry.title
        )
        return Text(outcome, style="bold red"), text
    if identity is not None:
        return Text(outcome, style="bold green"), Text(
            f"{_called(identity)}, believed by guard {identity.guard}"
        )
    style, said = _HEADLINES[outcome]
    return Text(outcome, style=style), Text(said)


def _called(caller: Caller) -> str:
    if isinstance(caller, Client):
        return f"program {plain(caller.client_id)} of {caller.issuer}"
    return f"user {plain(caller.user_id)} of {caller.provider}"


# -- the tree -------------------------------------------------------------------------------------------------------


def _tree(explanation: Explanation, stacks: Iterable[Stack]) -> Tree:
    document = explanation.document
    name = str(document["stack"] or "")
    stack = next((one for one in stacks if one.name == name), None)
    trace: Any = document["trace"]
    places = list(walked(stack.checks if stack else (), trace, document["code"]))
    width = max(len(place.name) for place in places)
    tree = Tree(Text(f"stack {name}" if name else "outside of any stack", style="bold"), guide_style="dim")
    for place in places:
        tree.add(_place(place, width))
    return tree


def _place(place: Place, width: int) -> Text:
    """Write one check: who, what he said, and whether that is the answer; then why, and what he saw."""
    line = place.line
    if line is None:
        why = f"because {place.because}" if place.reached else "not reached"
        return Text(f"{plain(place.name):<{width}}  {plain(why)}", style="dim")
    verdict = str(line["verdict"])
    said = Text.assemble(
        (f"{plain(place.name):<{width}}  ", "bold" if place.stop else ""),
        (f"{verdict:<7}  ", _STYLES[verdict]),
        (str(line["code"]), _STYLES[verdict]),
        ("  <- this is the answer" if place.stop else "", "bold"),
        f"\n{line['says']}",
    )
    for name, value in line["evidence"].items():
        said.append(f"\n{name}: {plain(value)}", style="dim")
    return said


# -- what is beside it ----------------------------------------------------------------------------------------------


def _causes(causes: Sequence[Cause]) -> Table:
    """Write what must be mended, numbered: each of them is enough to be refused."""
    table = grid(2)
    for place, cause in enumerate(causes, start=1):
        said = Text.assemble((str(cause.reason), "bold"), "\n", cause.says)
        said.append(f"\n{plain(cause.hint)}", style="cyan")
        table.add_row(f"{place}.", said)
    return table


def _pairs(evidence: Mapping[str, object]) -> Table:
    table = grid(2)
    for name, value in evidence.items():
        table.add_row(styled(name), styled(value))
    return table


def _response(explanation: Explanation) -> Table:
    table = grid(2)
    table.add_row("status", str(explanation.status or "none"))
    for name, value in explanation.headers:
        table.add_row(styled(name), styled(value))
    return table
