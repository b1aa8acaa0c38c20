"""A report written for programs: one JSON document, workflow commands of GitHub, SARIF 2.1.0. Places are relative."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from guardhouse.doctor.examination import Ignored, Report
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import CODES, Entry

Place = Callable[[str], str]
"""Writes file:line as seen from where the command runs."""

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_VERSION = "2.1.0"

_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}


def document(target: str, report: Report, place: Place) -> dict[str, object]:
    """Write one JSON document."""
    return {
        "app": target,
        "findings": [_finding(finding, place) for finding in report.findings],
        "ignored": [_finding(one.finding, place) | {"reason": one.reason} for one in report.ignored],
        "counts": {severity: report.counted(severity) for severity in ("error", "warning", "note")},
    }


def _finding(finding: Finding, place: Place) -> dict[str, object]:
    entry = CODES[finding.code]
    return {
        "code": finding.code,
        "severity": finding.severity,
        "title": entry.title,
        "where": place(finding.where),
        "what": finding.what,
        "happens": entry.happens,
        "fix": finding.fix,
        "docs": Entry.anchor(finding.code),
    }


def github(report: Report, place: Place) -> Iterator[str]:
    """Write workflow commands, which GitHub shows beside the line of the change."""
    for finding in report.findings:
        properties = {"title": f"{finding.code}: {CODES[finding.code].title}"}
        if finding.file is not None:
            properties = {
                "file": place(finding.where).rpartition(":")[0],
                "line": str(finding.line),
                **properties,
            }
        written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        where = "" if finding.file is not None else f"{finding.where}: "
        text = _data(f"{where}{finding.what}\n{finding.fix}")
        yield f"::{_GITHUB[finding.severity]} {written}::{text}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(report: Report, place: Place, version: str) -> dict[str, Any]:
    """Write SARIF 2.1.0; what is ignored is there as a suppressed result."""
    rules = [_rule(code, entry) for code, entry in CODES.items()]
    order = list(CODES)
    results = [_result(finding, order.index(finding.code), place) for finding in report.findings]
    results += [_suppressed(one, order.index(one.finding.code), place) for one in report.ignored]
    driver = {"name": "guardhouse", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": SARIF_VERSION, "runs": [run]}


def _rule(code: str, entry: Entry) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": entry.happens.replace("`", "")},
        "help": {"text": f"{entry.title} {entry.happens} See {Entry.anchor(code)}."},
        "defaultConfiguration": {"level": entry.severity},
    }


def _result(finding: Finding, index: int, place: Place) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": f"{finding.what} {finding.fix}"},
        "locations": [_location(finding, place)],
    }


def _suppressed(one: Ignored, index: int, place: Place) -> dict[str, Any]:
    suppression = {"kind": "external", "status": "accepted", "justification": one.reason}
    return _result(one.finding, index, place) | {"suppressions": [suppression]}


def _location(finding: Finding, place: Place) -> dict[str, Any]:
    if finding.file is None:
        return {"logicalLocations": [{"fullyQualifiedName": finding.where, "kind": "member"}]}
    path = place(finding.where).rpartition(":")[0]
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": path.replace("\\", "/")},
            "region": {"startLine": max(1, finding.line or 1)},
        }
    }
