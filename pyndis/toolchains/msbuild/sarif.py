"""Findings in SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), as cl's code analysis and CodeQL write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from pyndis.toolchains.msbuild.output import Message

CODEQL = "CodeQL"
"""The name of the tool in CodeQL's logs."""


def findings(text: str, tool: str | None = None) -> tuple[Message, ...]:
    """The results in a log that count, of every tool or of one. Raises ValueError when it is no SARIF."""
    data = json.loads(text.removeprefix("\ufeff"))
    if not isinstance(data, dict) or not isinstance(data.get("runs"), list):
        raise ValueError("no SARIF: it has no runs")
    return tuple(message for run in data["runs"] if tool in (None, _tool(run)) for message in _of_run(run))


def _tool(run: dict[str, Any]) -> str:
    return str(run.get("tool", {}).get("driver", {}).get("name", ""))


def _of_run(run: dict[str, Any]) -> Iterator[Message]:
    levels = _levels(run)
    for result in run.get("results", []):
        rule = result.get("ruleId") or result.get("rule", {}).get("id", "")
        level = result.get("level") or levels.get(rule, "warning")  # the standard's default, 3.27.10
        if level in ("error", "warning") and not result.get("suppressions") and result.get("kind", "fail") == "fail":
            yield Message(*_place(result), level == "error", rule, _text(result))


def _levels(run: dict[str, Any]) -> dict[str, str]:
    tool = run.get("tool", {})
    components = [tool.get("driver", {}), *tool.get("extensions", [])]
    rules = [rule for component in components for rule in component.get("rules", [])]
    return {rule["id"]: rule.get("defaultConfiguration", {}).get("level", "warning") for rule in rules if "id" in rule}


def _text(result: dict[str, Any]) -> str:
    return str(result.get("message", {}).get("text", "")).strip()


def _place(result: dict[str, Any]) -> tuple[str, int]:
    """The file, a URI without its scheme, and the line of the first place."""
    for location in result.get("locations", []):
        place = location.get("physicalLocation", {})
        uri = place.get("artifactLocation", {}).get("uri", "")
        if uri:
            return _file(uri), int(place.get("region", {}).get("startLine", 0))
    return "", 0


def _file(uri: str) -> str:
    """`file:///C:/driver/a%20b.c` as `C:/driver/a b.c`; a relative reference as it is."""
    if not uri.lower().startswith("file:"):
        return unquote(uri)
    path = unquote(urlsplit(uri).path)
    return path[1:] if path[2:3] == ":" else path
