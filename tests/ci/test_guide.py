from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from pyndis.cli import pyndis
from tests.ci.files import ACTIONS, GITLAB, GUIDE, ROOT, WORKFLOWS, github_scripts, gitlab_scripts, loaded, name_of

TEXT = GUIDE.read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"(?:^|[\s;|(])pyndis ((?:build|check|test|run|sign|verify|submit make|submit take|inspect|doctor)\b[^\n;|>]*)"
)


def examples(language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(TEXT) if found == language]


def inputs_of(file: Path) -> dict[str, Any]:
    value = loaded(file)
    found = value["inputs"] if "inputs" in value else (value["on"]["workflow_call"] or {}).get("inputs", {})
    assert isinstance(found, dict)
    return found


def commands() -> list[str]:
    """Each `pyndis …` of the workflows, actions, the GitLab file and the guide, its variables filled with words."""
    texts = [each.text for each in (*github_scripts(), *gitlab_scripts()) if each.shell == "bash"]
    found = [line for text in [*texts, *examples("sh"), *examples("yaml")] for line in COMMAND.findall(text)]
    return sorted({re.sub(r"\s+", " ", line.strip()) for line in found})


def words(line: str) -> list[str]:
    """As the shell would give them: variables that choose are words, lists of options are left out."""
    line = re.sub(r'"?\$\{\w+\[@\]\}"?', "", line)
    known = {"CONFIG": "Release", "target": "SDV", "MINUTES": "8"}
    line = re.sub(r"\$\{?(?:DRIVER_)?(\w+)\}?", lambda name: known.get(name[1], "word"), line)
    return [each for each in shlex.split(line, comments=True) if each != "||"]


def test_there_are_commands_to_try() -> None:
    assert {line.split()[0] for line in commands()} >= {"build", "check", "test", "sign", "submit", "verify"}


@pytest.mark.parametrize("line", commands())
def test_the_command_line_takes(line: str) -> None:
    name, *arguments = words(line)
    parent = click.Context(pyndis, **pyndis.context_settings)
    command = pyndis.get_command(parent, name)
    if isinstance(command, click.Group):
        command = command.get_command(parent, arguments.pop(0))
    assert command is not None
    if name == "verify" and not arguments:  # xargs adds the files
        arguments = ["file"]
    if name == "sign" and not any(each.endswith((".sys", ".cat")) for each in arguments):
        arguments.append("file.sys")
    command.make_context(name, arguments, parent)


@pytest.mark.parametrize("file", [ROOT / ".github" / "workflows" / "driver.yml", *ACTIONS], ids=name_of)
def test_every_input_is_in_the_guide_with_its_default(file: Path) -> None:
    heading = next(part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE) if f"`{name_of(file)}`" in part.splitlines()[0])
    table = re.search(r"^\| input .+\n(?:\|.+\n)+", heading, re.MULTILINE)
    assert table is not None
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+?) \|", table[0], re.MULTILINE))
    expected = {name: _default(each) for name, each in inputs_of(file).items()}
    assert rows == expected


def _default(value: dict[str, Any]) -> str:
    if value.get("required"):
        return "**required**"
    default = str(value["default"]).lower() if isinstance(value["default"], bool) else str(value["default"])
    return f"`{default}`" if default else "—"


def test_every_variable_of_the_gitlab_file_is_in_the_guide() -> None:
    part = TEXT.split(f"`{name_of(GITLAB)}`", 1)[1]
    for name, value in loaded(GITLAB)["variables"].items():
        assert re.search(rf"^\| `{name}` \| {re.escape(f'`{value}`' if value else '—')} \|", part, re.MULTILINE), name


@pytest.mark.parametrize("text", examples("yaml"))
def test_an_example_gives_only_what_is_taken(text: str) -> None:
    value = YAML(typ="safe", pure=True).load(text)
    for uses, given in _uses(value):
        local = re.fullmatch(r"OWNER/pyndis/(?P<path>[^@]+)@COMMIT", uses)
        if local:
            place = ROOT / local["path"]
            assert given <= set(inputs_of(place if place in WORKFLOWS else place / "action.yml")), uses


def _uses(value: object) -> list[tuple[str, set[str]]]:
    if isinstance(value, list):
        return [found for each in value for found in _uses(each)]
    if not isinstance(value, dict):
        return []
    here = [(value["uses"], set(value.get("with", {})))] if "uses" in value else []
    return here + [found for each in value.values() for found in _uses(each)]


def test_the_shortest_examples_have_under_ten_lines() -> None:
    for heading in ("## The whole workflow", "## The action alone", "## GitLab"):
        part = TEXT.split(heading, 1)[1]
        found = BLOCK.search(part)
        assert found is not None
        assert len(found[2].splitlines()) < 10, heading


def test_what_could_not_be_tried_is_said() -> None:
    part = TEXT.split("## What has not been run", 1)[1]
    for name in ("GitHub", "GitLab", "msbuild", "CodeQL", "PowerShell"):
        assert name in part
