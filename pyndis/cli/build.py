"""`pyndis build`: from a driver's Python to a signed driver package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pyndis.cli.building import inputs
from pyndis.cli.building.asked import asked_for
from pyndis.cli.building.request import NONE, TEST, Request, output_folder
from pyndis.cli.building.targets import TARGETS, run_target
from pyndis.cli.ending import DONE
from pyndis.cli.options import driver_options
from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.package.manifest import Manifest
from pyndis.package.timestamp import build_time

if TYPE_CHECKING:
    from pyndis.toolchains.kit import Kit

FORMS = ("ast", "ir", "c", "plan")
MSBUILD = "msbuild"
TOOLCHAINS = ("auto", "zig", "wdk", MSBUILD)


@click.command("build")
@driver_options
@click.option("--arch", metavar="LIST", help="Architectures between commas, as amd64,x86,arm64. Default: all of driver.toml.")
@click.option("--config", type=click.Choice(["Release", "Debug"]), default="Release", show_default=True)
@click.option("--toolchain", type=click.Choice(TOOLCHAINS), default="auto", show_default=True, help="The C toolchain.")
@click.option("--wdk", type=click.Path(path_type=Path), help="The folder of a Windows Driver Kit, for its headers and libraries.")
@click.option("--target", type=click.Choice(list(TARGETS)), default="Build", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Where the results go. Default: build/NAME.")
@click.option("--sign", default=TEST, metavar="test|none|FILE", show_default=True, help="A PFX file, or a signer's TOML file.")
@click.option("--timestamp", metavar="URL", help="An RFC 3161 server that vouches for the time of signatures.")
@click.option("--rules", metavar="LIST", help="For SDV: verify these rules only, as DoubleCompletion,CancelTimerObject.")
@click.option("--explore", is_flag=True, help="For SDV and DVL: try every order of threads, too; it takes minutes.")
@click.option("--line-directives", is_flag=True, help="Let debuggers and stacks show the Python, by #line in the C.")
@click.option("--emit", type=click.Choice(FORMS), help="Print an intermediate form instead of building.")
def command(
    driver: Path,
    arch: str | None,
    config: str,
    toolchain: str,
    wdk: Path | None,
    target: str,
    out: Path | None,
    sign: str,
    timestamp: str | None,
    overrides: tuple[tuple[str, str], ...],
    brand: str | None,
    rules: str | None,
    explore: bool,
    line_directives: bool,
    emit: str | None,
) -> int:
    """Compile DRIVER, a folder with a driver.toml, and sign and package the result."""
    manifest = Manifest.load(driver, overrides, brand)
    place = output_folder(out, manifest)
    request = Request(
        manifest=manifest,
        architectures=architectures_of(arch, manifest),
        config=config,
        toolchain=toolchain,
        kit=_kit(toolchain, wdk),
        out=place,
        sign=signer_of(sign),
        timestamp_url=timestamp,
        overrides=overrides,
        brand=brand,
        time=build_time(inputs.driver_files(manifest.folder, place)),
        line_directives=line_directives,
    )
    asked = asked_for(target, rules, explore)
    if toolchain == MSBUILD and emit in (None, "plan"):
        from pyndis.cli.building import msbuild

        return msbuild.command(request, target, wdk, arch, asked, emit == "plan")
    if emit:
        from pyndis.cli.building.emitting import emitted

        click.echo(emitted(request, emit), nl=False)
        return DONE
    return run_target(target, request, arch, asked)


def _kit(toolchain: str, wdk: Path | None) -> Kit | None:
    """The kit of `--wdk`, which makes the toolchain `wdk` unless another was said. Raises UsageFailure (PYN-T12, PYN-T10)."""
    if toolchain == "zig" and wdk is not None:
        help = "leave out --wdk for the headers that pyndis brings, or say --toolchain wdk"
        raise UsageFailure(Diagnostic("PYN-T12", "--wdk is given, but --toolchain zig does not use a kit", help=help))
    if toolchain == "wdk" and wdk is None:
        help = "give --wdk DIR, an unpacked Windows Driver Kit"
        raise UsageFailure(Diagnostic("PYN-T12", "--toolchain wdk needs a kit", help=help))
    if wdk is None or toolchain == MSBUILD:
        return None
    from pyndis.toolchains.kit import find_kit

    return find_kit(wdk)


def architectures_of(said: str | None, manifest: Manifest) -> tuple[str, ...]:
    """The architectures of `--arch`. Raises UsageFailure (PYN-A02)."""
    known = manifest.driver.architectures
    if said is None:
        return known
    wanted = [name.strip() for name in said.split(",")]
    for name in wanted:
        if name not in known:
            message = f"--arch {said}: the driver is not made for {name!r}"
            help = f"its architectures are {', '.join(known)}; driver.toml lists them"
            raise UsageFailure(Diagnostic("PYN-A02", message, help=help))
    return tuple(dict.fromkeys(wanted))


def signer_of(said: str) -> str:
    """What `--sign` says, a file by its absolute path. Raises UsageFailure (PYN-A04)."""
    if said in (TEST, NONE):
        return said
    if not Path(said).is_file():
        message = f"--sign {said}: there is no such file"
        raise UsageFailure(Diagnostic("PYN-A04", message, help="give test, none, or the path of a PFX or signer's file"))
    return str(Path(said).resolve())
