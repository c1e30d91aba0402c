"""The command that builds, as a value.

Options: https://learn.microsoft.com/visualstudio/msbuild/msbuild-command-line-reference.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyndis.toolchains.msbuild.fit import Fit
from pyndis.toolchains.msbuild.offers import analysis_as_sarif, has_static_driver_verifier
from pyndis.toolchains.msbuild.visual_studio import MsBuild
from pyndis.toolchains.msbuild.wdk import Kits

VERIFYING = ("SDV", "DVL")
"""The targets that run static verification."""


@dataclass(frozen=True)
class Call:
    """A command, the folder that it runs in, and what it adds to the environment."""

    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """As one would type it at a prompt of Windows."""
        settings = [f"set {name}={value}" for name, value in self.environment.items()]
        return "\n".join([f'cd /d "{self.cwd}"', *settings, subprocess.list2cmdline(self.argv), ""])


@dataclass(frozen=True)
class Wanted:
    """What is asked of the entry project. `target_version` is the WDK's word for the oldest Windows, "" for the project's own;
    `known` are all the project's architectures."""

    project: str
    folder: str
    target: str
    config: str
    known: tuple[str, ...]
    sign: bool
    target_version: str = ""


def msbuild_call(msbuild: MsBuild, kits: Kits, fit: Fit, wanted: Wanted, path: str) -> Call:
    """The call of msbuild on the entry project. `path` is PATH as it is: CodeQL calls msbuild by name."""
    shared = {"WindowsTargetPlatformVersion": fit.version.text}
    if wanted.target_version:
        shared["DriverTargetVersion"] = wanted.target_version
    properties = {**shared, **_properties(msbuild, fit, wanted)}
    words = [f"/p:{name}={value}" for name, value in properties.items()]
    argv = (msbuild.path, wanted.project, f"/t:{wanted.target}", *words, *_log(wanted.target))
    return Call(argv, wanted.folder, {**shared, **_environment(msbuild, kits, path)})


def _properties(msbuild: MsBuild, fit: Fit, wanted: Wanted) -> dict[str, str]:
    # The tree has just been generated with the options of this command; a second time it would be without them.
    properties = {"PyndisDriver": "none"}
    properties |= {f"Build_{arch}": "false" for arch in wanted.known if arch not in fit.architectures}
    if wanted.config != "Release":  # Build alone knows it: what is verified and shipped is Release
        properties["BuildConfiguration"] = wanted.config
    if not wanted.sign:
        properties["SignMode"] = "Off"
    if wanted.target in VERIFYING and not has_static_driver_verifier(fit.version.build):
        properties["SdvFound"] = "false"  # a folder of an older kit may still stand beside the newer one
    if wanted.target not in VERIFYING and analysis_as_sarif(msbuild.major):
        properties["AnalysisAsSarif"] = "true"  # dvl reads the analysis as XML
    return properties


def _environment(msbuild: MsBuild, kits: Kits, path: str) -> dict[str, str]:
    root = kits.root if kits.root.endswith(("\\", "/")) else kits.root + "\\"  # the kit's own files append to it without one
    return {
        "WDKContentRoot": root,
        "VSLANG": "1033",  # English, so that "warning" and "error" are what they are called
        "PATH": ";".join(filter(None, [msbuild.folder, path])),
    }


def _log(target: str) -> tuple[str, ...]:
    # What staticdv writes is shown at normal verbosity, as in
    # https://learn.microsoft.com/windows-hardware/drivers/devtest/command-line-output
    verbosity = "normal" if target in VERIFYING else "minimal"
    return ("/nologo", f"/v:{verbosity}", "/clp:NoSummary;ForceNoAlign;DisableConsoleColor", "/nr:false")


def sarif_places(target: str, folder: str, architectures: tuple[str, ...], config: str, name: str) -> tuple[str, ...]:
    """Where a target leaves findings: CodeQL beside the entry project, the compiler as driver.vcxproj.j2 says."""
    if target in VERIFYING:
        return (str(Path(folder, f"{name}.sarif")),)
    return tuple(str(Path(folder, arch, config, "obj", f"{name}.analysis.sarif")) for arch in architectures)
