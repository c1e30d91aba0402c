"""`--toolchain msbuild`: what a request comes to on this machine, or why it comes to nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from pyndis.cli.building.asked import Asked
from pyndis.cli.building.layout import PRIVATE
from pyndis.cli.building.request import NONE, TEST, Request
from pyndis.cli.building.verifying import verified_request
from pyndis.cli.ending import DONE
from pyndis.cli.progress import progress
from pyndis.diagnostics import Diagnostic, ToolFailure, UsageFailure
from pyndis.package.platforms import target_version
from pyndis.toolchains.msbuild import fit as fits
from pyndis.toolchains.msbuild.call import VERIFYING, Call, Wanted, msbuild_call
from pyndis.toolchains.msbuild.fit import Fit
from pyndis.toolchains.msbuild.visual_studio import MsBuild, find_msbuild
from pyndis.toolchains.msbuild.wdk import Kits, find_kits
from pyndis.toolchains.msbuild.world import Machine, World

TARGETS = ("Build", "Clean", "Rebuild", "SDV", "DVL", "MSM")


@dataclass(frozen=True)
class Job:
    """A target of a request: the call, the kit that it goes to, and what is to be said beforehand."""

    request: Request
    target: str
    call: Call
    fit: Fit
    warnings: tuple[Diagnostic, ...]

    def __str__(self) -> str:
        left = "".join(f"rem {warning.message}\n" for warning in self.warnings)
        return f"rem {self.target} for {', '.join(self.fit.architectures)} with the WDK {self.fit.version}\n{left}{self.call}"


def command(request: Request, target: str, wdk: Path | None, said_arch: str | None, asked: Asked, emit: bool) -> int:
    """`pyndis build --toolchain msbuild`, or with `emit` its plan; the exit code. Raises Failure."""
    if asked.rules or asked.explore:
        help = "leave them out; the property SdvRules of the generated project chooses rules of Static Driver Verifier"
        raise UsageFailure(
            Diagnostic("PYN-T28", "--rules and --explore are for pyndis' own verification, not msbuild's", help=help)
        )
    if target in VERIFYING:
        request = verified_request(request, said_arch)
    job = plan(request, target, wdk, said_arch is not None)
    if emit:
        click.echo(str(job), nl=False)
        return DONE
    from pyndis.cli.building.msbuild_run import run

    for image in run(job, progress()):
        click.echo(image)
    return DONE


def plan(request: Request, target: str, wdk: Path | None, explicit: bool, world: World | None = None) -> Job:
    """The job for a request. `explicit`: its architectures were asked for by name.

    Raises UsageFailure (PYN-T28) for what msbuild does not do, ToolFailure (PYN-T20 to PYN-T23) where it cannot run.
    """
    world = world or Machine()
    _usable(request, target, world)
    kits = _kits(world, wdk)
    wanted = {arch: request.manifest.windows.oldest(arch) for arch in request.architectures}
    msbuild, fit = _matching(world, fits.fits(kits, wanted))
    warnings = fits.lacking(fit, wanted, explicit)
    asked = Wanted(
        project=f"{request.manifest.name}.proj",
        folder=str(request.out),
        target=target,
        config=request.config,
        known=request.manifest.driver.architectures,
        sign=request.sign != NONE,
        target_version=target_version(fit.oldest) if fit.oldest else "",
    )
    call = msbuild_call(msbuild, kits, fit, asked, world.environment.get("PATH", ""))
    if target == "Build" and options(call) != _options_of_last(request, options(call)):
        call = replace(call, argv=tuple("/t:Rebuild" if word == "/t:Build" else word for word in call.argv))
    return Job(request, target, call, fit, warnings)


def options(call: Call) -> str:
    """What decides a build beside its files: msbuild does not see that it has changed."""
    return "".join(f"{word}\n" for word in call.argv if word.startswith("/p:"))


def options_file(request: Request) -> Path:
    """Where the options of the last build are written down."""
    return request.out / PRIVATE / "msbuild.txt"


def _options_of_last(request: Request, now: str) -> str:
    """Those of the last build; the present ones where there was none."""
    try:
        return options_file(request).read_text("utf-8")
    except OSError:
        return now


def _usable(request: Request, target: str, world: World) -> None:
    if target not in TARGETS:
        help = f"leave out --toolchain: {target} needs none"
        raise UsageFailure(Diagnostic("PYN-T28", f"--target {target} is not for --toolchain msbuild", help=help))
    if request.config != "Release" and target not in ("Build", "Clean", "Rebuild"):
        help = "leave out --config"
        raise UsageFailure(Diagnostic("PYN-T28", f"--target {target} of --toolchain msbuild is for Release alone", help=help))
    if request.sign not in (TEST, NONE) or request.timestamp_url:
        message = "--toolchain msbuild signs with certificates of Windows' store, and not by --sign FILE or --timestamp"
        user = f"{request.manifest.name}.vcxproj.user"
        help = f"name certificate and server in {user}, which is left as it is; or use --sign none here, then `pyndis sign`"
        raise UsageFailure(Diagnostic("PYN-T28", message, help=help))
    if world.system != "win32":
        message = f"--toolchain msbuild runs on Windows alone, and this is {world.system}"
        help = "run the same command there; here --toolchain zig builds the whole package, and --target Generate the project"
        raise ToolFailure(Diagnostic("PYN-T20", message, help=help))


def _kits(world: World, wdk: Path | None) -> Kits:
    kits, tried = find_kits(world, str(wdk) if wdk else None)
    if kits is None:
        help = "install a Windows Driver Kit, run this in an Enterprise WDK's prompt, or name its folder with --wdk"
        raise ToolFailure(Diagnostic("PYN-T22", "no Windows Driver Kit was found", notes=tried, help=help))
    return kits


def _matching(world: World, found: list[Fit]) -> tuple[MsBuild, Fit]:
    """The first kit for which there is a Visual Studio."""
    for fit in found:
        if msbuild := find_msbuild(world, fit.offer.visual_studio):
            return msbuild, fit
    majors = " or ".join(map(str, fits.visual_studios(found)))
    message = f"no MSBuild.exe was found for the WDK {', '.join(str(fit.version) for fit in found)}"
    notes = (f"it takes Visual Studio or its Build Tools in version {majors}",)
    raise ToolFailure(Diagnostic("PYN-T21", message, notes=notes, help="install it, or set PYNDIS_MSBUILD to an MSBuild.exe"))
