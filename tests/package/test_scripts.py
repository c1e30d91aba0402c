from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from pyndis.package.escape import ps1_quoted
from pyndis.package.manifest import Manifest, rebrand
from pyndis.package.scripts import script_files

DRIVER = Path(__file__).parents[2] / "drivers" / "wintun"
NAMES = ("install", "verifier", "debugger")
HOSTILE = "it's \u2019 \u201b \u201cso\u201d \"$(Remove-Item C:\\)\" `$x ${y} #> '@ {{ name }} %WINDIR%"
# Cmdlets of PowerShell 2.0, which Windows 7 comes with.
CMDLETS = {"Add-Type", "Get-ChildItem", "Join-Path", "New-Object", "Out-Host", "Resolve-Path", "Set-StrictMode", "Sort-Object"}
CMDLETS |= {"Split-Path", "Test-Path", "Write-Host"}
NEWER = ("$PSScriptRoot", "[ordered]", "[pscustomobject]", "Get-CimInstance", " -in ", "-notin", "-shl", "&&", "??")


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return Manifest.load(DRIVER)


@pytest.fixture(scope="module")
def scripts(manifest: Manifest) -> dict[str, str]:
    return texts(manifest)


def texts(manifest: Manifest) -> dict[str, str]:
    return {path.stem: content.decode("utf-8-sig").replace("\r\n", "\n") for path, content in script_files(manifest).items()}


def parsed(text: str) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(text.encode()).root_node


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def text_of(node: Node | None) -> str:
    assert node is not None and node.text is not None
    return node.text.decode()


def commands(root: Node) -> list[Node]:
    return [each for each in nodes(root) if each.type == "command"]


def called(command: Node) -> str:
    return text_of(command.child_by_field_name("command_name"))


@pytest.mark.parametrize("name", NAMES)
def test_the_scripts_read_as_they_should(manifest: Manifest, name: str, golden: Callable[[str, bytes], None]) -> None:
    (content,) = (content for path, content in script_files(manifest).items() if path.stem == name)
    golden(f"{name}.ps1", content)


@pytest.mark.parametrize("name", NAMES)
def test_powershell_can_parse_them(scripts: dict[str, str], name: str) -> None:
    assert not parsed(scripts[name]).has_error


@pytest.mark.parametrize(("before", "after"), [("exit 0\n", "exit 0\n}\n"), ("if (", "if "), ("'Stop'", "'Stop")])
def test_the_parser_sees_a_mistake(scripts: dict[str, str], before: str, after: str) -> None:
    assert before in scripts["install"]
    assert parsed(scripts["install"].replace(before, after, 1)).has_error


def test_old_powershells_know_the_encoding(manifest: Manifest) -> None:
    for path, content in script_files(manifest).items():
        assert content.startswith(b"\xef\xbb\xbf"), path
        assert content.count(b"\n") == content.count(b"\r\n"), path


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_of_windows_7_or_of_the_script(scripts: dict[str, str], name: str) -> None:
    root = parsed(scripts[name])
    own = set(re.findall(r"^function ([\w-]+)", scripts[name], re.M))
    words = {called(each) for each in commands(root) if each.child_by_field_name("command_name")}
    words = {each for each in words if re.match("[A-Za-z]", each)}  # others are values, and the program of Invoke-Tool
    assert words <= own | CMDLETS
    assert own <= words, "a function that nobody calls"
    powershell = re.sub(r"@'\n.*?\n'@", "", scripts[name], flags=re.S)
    assert not [each for each in NEWER if each in powershell]


@pytest.mark.parametrize("text", [HOSTILE, "'", "", "\u2018\u2019\u201a\u201b"])
def test_a_quoted_text_is_one_string(text: str) -> None:
    (string,) = (each for each in nodes(parsed(f"$x = {ps1_quoted(text)}\n")) if each.type == "verbatim_string_characters")
    inside = text_of(string)[1:-1]
    assert re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", inside) == text


def test_names_of_the_driver_are_no_code(manifest: Manifest, scripts: dict[str, str]) -> None:
    named = replace(manifest, driver=replace(manifest.driver, file=HOSTILE, hardware_id=HOSTILE))
    named = replace(named, setup=replace(manifest.setup, class_name=HOSTILE))
    for name, text in texts(named).items():
        assert str(ps1_quoted(HOSTILE)) in text or "$Image" in text
        assert [each.type for each in nodes(parsed(text))] == [each.type for each in nodes(parsed(scripts[name]))]


def test_another_brand_is_installed_under_its_own_names(manifest: Manifest) -> None:
    made = texts(rebrand(manifest, "MyTun"))
    assert "$Name = 'mytun'" in made["install"]
    assert "$HardwareId = 'MyTun'" in made["install"]
    assert "$Image = 'mytun.sys'" in made["verifier"]
    assert not re.search("wintun", made["install"] + made["verifier"], re.I)


def test_only_the_architectures_of_the_driver_are_installed(manifest: Manifest) -> None:
    made = texts(replace(manifest, driver=replace(manifest.driver, architectures=("arm64",))))["install"]
    assert re.search(r"\$Folders = @\{\n    'ARM64' = 'arm64'\n\}", made)


def is_asked_for(command: Node) -> bool:
    """Whether it runs only if -WhatIf and the person at the screen allow it."""
    at: Node | None = command
    while at is not None:
        if at.type == "if_statement" and "$PSCmdlet.ShouldProcess(" in text_of(at.child_by_field_name("condition")):
            return True
        at = at.parent
    return False


@pytest.mark.parametrize("name", NAMES)
def test_with_whatif_nothing_is_changed(scripts: dict[str, str], name: str) -> None:
    changing = [each for each in commands(parsed(scripts[name])) if each.child_by_field_name("command_name")]
    changing = [each for each in changing if called(each) in ("Invoke-Tool", "Edit-Store") and "/query" not in text_of(each)]
    assert changing
    for each in changing:
        assert is_asked_for(each), text_of(each)


def test_devices_are_changed_only_where_that_was_asked_for(scripts: dict[str, str]) -> None:
    calls = [each for each in nodes(parsed(scripts["install"])) if each.type == "invokation_expression"]
    changing = [each for each in calls if re.search(r"SetupApi\]::(Create|Update|Remove)", text_of(each))]
    assert len(changing) == 4
    assert [is_asked_for(each) for each in changing].count(False) == 1  # what undoes a device that was made a moment ago


@pytest.mark.parametrize("name", NAMES)
def test_help_tells_of_each_exit_code(scripts: dict[str, str], name: str) -> None:
    body = scripts[name].partition("#>")[2]
    used = {int(each) for each in re.findall(r"(?:Stop-Script|Invoke-Tool) ([0-9]+)", body)} | {0, 3010}
    (told,) = re.findall(r"Exit codes:(.*?)\n\n", scripts[name], re.S)
    assert {int(each) for each in re.findall(r"(?:^|;)\s+([0-9]+) ", told)} == used


def test_verifier_options_are_distinct_bits_of_known_builds(scripts: dict[str, str]) -> None:
    rows = re.findall(r"^    ,@\(0x([0-9a-f]+), ([0-9]+), \$(true|false), '", scripts["verifier"], re.M)
    bits = [int(bit, 16) for bit, _, _ in rows]
    assert len(set(bits)) == len(bits) > 10
    assert all(bit & (bit - 1) == 0 for bit in bits)
    assert {build for _, build, _ in rows} == {"7600", "9200", "9600"}
    standard = 0x1 | 0x2 | 0x8 | 0x10 | 0x20 | 0x80 | 0x100 | 0x800 | 0x20000  # `verifier /?`: /standard is /flags 0x209BB
    assert standard == 0x209BB
    assert standard & sum(int(bit, 16) for bit, _, chosen in rows if chosen == "true") == standard


def test_the_csharp_compiles_as_windows_7_compiles_it(scripts: dict[str, str], tmp_path: Path) -> None:
    compiler = shutil.which("mcs")
    if compiler is None:
        assert not os.environ.get("CI"), "mcs is missing: install the Debian package mono-mcs"
        pytest.skip("mcs is missing: install the Debian package mono-mcs")
    (source,) = re.findall(r"\$SetupApi = @'\n(.*?)\n'@", scripts["install"], re.S)
    (tmp_path / "setup.cs").write_text(source)
    command = [compiler, "-langversion:ISO-2", "-target:library", "-warnaserror", "-warn:4", "setup.cs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
