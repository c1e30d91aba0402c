"""The generated files of Wintun, by their path below `--out`."""

from __future__ import annotations

KINDS = ("inf", "proj", "props", "publisher.ps1", "sln", "vcxproj", "vcxproj.filters", "wixproj", "wxs")
PROJECT = {f"wintun.{kind}" for kind in KINDS} | {".editorconfig", "README.md", "wdm/wintun-wdm.vcxproj"}
SCRIPTS = {f"scripts/{name}.ps1" for name in ("debugger", "install", "verifier")}
TREE = {"wintun.c", "wintun.rc", "wdm/wintun-wdm.c", *PROJECT, *SCRIPTS}
