"""`pyndis run`: a driver between a network device of this machine and a client, with real traffic."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import click

from pyndis.cli.building.image import built_image
from pyndis.cli.options import driver_options
from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.package.manifest import Manifest

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "x86"}


@click.command("run")
@driver_options
@click.option("--stack", required=True, metavar="tun:NAME|tap:NAME", help="The device that plays the network stack.")
@click.option("--client", required=True, metavar="tun:NAME|ring:NAME|unix:PATH|exec:CMD", help="Who opens the driver's device.")
@click.option("--netns", default="", metavar="STACK[,CLIENT]", help="Network namespaces of the two devices.")
@click.option("--device", metavar="PATH", help=r"What the client opens, as \\.\WINTUN1. Default: the driver's first device.")
@click.option("--verifier", is_flag=True, help="Check the rules of the kernel on the way; slower.")
@click.option("--allow", multiple=True, metavar="RULE", help="A rule that the driver is known to break: not reported.")
@click.option("--cpus", type=click.IntRange(1, 64), default=2, show_default=True, help="Processors of the machine played.")
def command(
    driver: Path,
    stack: str,
    client: str,
    netns: str,
    device: str | None,
    verifier: bool,
    allow: tuple[str, ...],
    cpus: int,
    overrides: tuple[tuple[str, str], ...],
    brand: str | None,
) -> None:
    """Run DRIVER, an image (.sys) or a driver's folder, which is built first, until Ctrl-C or the client's end."""
    arch = _architecture()
    if driver.suffix.lower() == ".sys":
        if overrides or brand:
            raise click.UsageError("--set and --brand change how a driver is built; an image is built already")
        image, path = driver, device or ""
    else:
        manifest = Manifest.load(driver, overrides, brand)
        image = built_image(manifest, arch, overrides, brand)
        path = device or ("" if client.startswith("ring:") else rf"\\.\{manifest.driver.device}1")
    from pyndis.host.run import run

    run(
        image,
        stack=stack,
        client=client,
        netns=netns,
        device=path,
        verifier=verifier,
        guard=verifier,
        cpus=cpus,
        allow=allow,
        say=click.echo,
    )


def _architecture() -> str:
    """This machine's architecture in our words. Raises ToolFailure (PYN-A09)."""
    arch = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or arch is None:
        found = f"{platform.system()} on {platform.machine()}"
        help = "use Linux on x86-64, also in a virtual machine"
        raise ToolFailure(Diagnostic("PYN-A09", f"the host that runs drivers wants Linux, and this is {found}", help=help))
    return arch
