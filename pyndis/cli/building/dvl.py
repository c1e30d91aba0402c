"""`pyndis build --target DVL`: the verification log of what is built, after a verification that is of the same inputs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

import click

import pyndis
from pyndis.cli.building import inputs, sdv
from pyndis.cli.building.asked import Asked
from pyndis.cli.building.image import bring_up_to_date
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.products import Products
from pyndis.cli.building.request import Request
from pyndis.cli.building.stamp import traces
from pyndis.cli.building.verifying import ARCH, CONFIG, verified_request
from pyndis.cli.ending import DONE, DRIVER
from pyndis.host import native
from pyndis.package.inf_reader import read_inf
from pyndis.signing import authenticode_digest
from pyndis.verification.held import source_files
from pyndis.verification.log import Digest, Log
from pyndis.verification.log_xml import document
from pyndis.verification.results import Verification

TARGET = "DVL"


def run(request: Request, said_arch: str | None, asked: Asked) -> int:
    """The exit code. Raises Failure."""
    verified = verified_request(request, said_arch)
    verification = _verification(verified, asked)
    if not verification.image:
        return DRIVER  # it does not compile, as has been told: there is nothing that a log could be of
    bring_up_to_date(request)
    _put_in_place(request, verification)
    return DONE if verification.passed else DRIVER


def log_file(request: Request) -> PurePosixPath:
    """Where the log goes, below `--out`."""
    return PurePosixPath(f"{request.manifest.name}.DVL.XML")


def _verification(request: Request, asked: Asked) -> Verification:
    """The last results, where they are of every rule and of the image that is there; else new ones."""
    fitting = [Asked(explore=True)] if asked.explore else [Asked(), Asked(explore=True)]
    known = sdv.last(request, fitting)
    if known is None or not _of_image(request, known):
        known = sdv.anew(request, asked)
    for line in sdv.told(known):
        click.echo(line)
    return known


def _of_image(request: Request, verification: Verification) -> bool:
    """Whether the image is the one that was verified."""
    image = request.out / Layout(request.manifest.name, ARCH, CONFIG).packaged("sys")
    return not verification.image or (image.is_file() and _digest(image) == verification.digest)


def _put_in_place(request: Request, verification: Verification) -> None:
    files = _files(request)
    products = Products(request, TARGET, ARCH, {"architectures": list(request.architectures)})
    made_from = [*sdv.made_from(request), sdv.results_file(request), *(request.out / each for each in files)]
    if products.outdated(made_from) is None:
        click.echo(f"nothing to do: {request.out / log_file(request)} holds for what is there now")
        return
    seen = traces(made_from)
    for written in products.publish({log_file(request): document(_log(request, verification))}, seen):
        click.echo(written)


def _files(request: Request) -> list[PurePosixPath]:
    """What the log lists beside it: the generated C, then INF and image of each architecture."""
    layouts = [Layout(request.manifest.name, arch, request.config) for arch in request.architectures]
    packaged = [layout.packaged(kind) for kind in ("inf", "sys") for layout in layouts]
    return [PurePosixPath(f"{request.manifest.name}.c"), *packaged]


def _log(request: Request, verification: Verification) -> Log:
    manifest, out = request.manifest, request.out
    files = _files(request)
    folder = manifest.folder.resolve()
    return Log(
        driver=manifest.name,
        version=manifest.version_text,
        driver_ver=_driver_ver(out / next(each for each in files if each.suffix == ".inf")),
        architectures=request.architectures,
        created=request.time,
        source_folder=_from(out, folder),
        sources=tuple(Digest(each.relative_to(folder).as_posix(), _digest(each)) for each in source_files(folder, out)),
        generated=tuple(Digest(str(each), _digest(out / each)) for each in files if each.suffix != ".sys"),
        images=tuple(_image(out, each) for each in files if each.suffix == ".sys"),
        verification=verification,
        tools={**_versions(), "host": f"{pyndis.__version__} ({native.digest(native.SOURCES)})"},
    )


def _versions() -> dict[str, str]:
    from pyndis.toolchains import find

    return {"pyndis": pyndis.__version__, "ziglang": inputs.tools()["ziglang"], "zig": find().version}


def _driver_ver(inf: Path) -> str:
    return read_inf(inf.read_bytes()).value("Version", "DriverVer") or ""


def _image(out: Path, path: PurePosixPath) -> Digest:
    data = (out / path).read_bytes()
    return Digest(str(path), sha256(data).hexdigest(), path.parts[0], authenticode_digest(data).hex())


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def _from(out: Path, folder: Path) -> str:
    """The driver's folder from the output folder on, if both lie in one tree; else its name: a machine's paths are nobody's."""
    shared: Sequence[str] = Path(os.path.commonpath([out, folder])).parts if out.anchor == folder.anchor else ()
    return Path(os.path.relpath(folder, out)).as_posix() if len(shared) > 1 else folder.name
