"""`--target MSM`: installer merge modules from the package that Microsoft signed and the one that the build signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pyndis.cli.building import inputs
from pyndis.cli.building.image import bring_up_to_date
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.products import Products
from pyndis.cli.building.request import NONE, Request
from pyndis.cli.building.stamp import traces
from pyndis.cli.progress import progress
from pyndis.diagnostics import Diagnostic, DriverFailure, Failure, UsageFailure
from pyndis.package.merge_module import PLACEHOLDER, MergeModule, Publisher, merge_module, merge_modules
from pyndis.package.merge_module.database import parts
from pyndis.package.merge_module.payload import Payload, Unreadable, payload
from pyndis.signing import Kind, Member
from pyndis.signing.catalog_reading import read_catalog
from pyndis.signing.members import identifier
from pyndis.toolchains import msitools

TARGET = "MSM"
_WHQL = "whql"  # the folder of what came back from Microsoft


def make_merge_modules(request: Request) -> list[Path]:
    """Make the modules that are outdated; their paths. The build comes first. Raises Failure (PYN-W01 … PYN-W09)."""
    modules = _wanted(request)
    _require_whql(request, modules)
    tool = msitools.find()
    request = replace(request, architectures=tuple(module.arch for module in modules))
    bring_up_to_date(request)
    return [path for module in modules for path in _make(request, module.arch, tool)]


def _wanted(request: Request) -> list[MergeModule]:
    """The modules to make, the publisher still unknown."""
    if request.config != "Release":
        message = f"merge modules are made of Release, not of {request.config}"
        raise UsageFailure(Diagnostic("PYN-W01", message, help="leave out --config, or say --config Release"))
    known = merge_modules(request.manifest, PLACEHOLDER)
    wanted = [module for module in known if module.arch in request.architectures]
    if not wanted:
        has = f"the driver has {', '.join(request.manifest.driver.architectures)}"
        message = f"there are no merge modules for {', '.join(request.architectures)}"
        raise UsageFailure(Diagnostic("PYN-W02", message, help=f"they are made for amd64 and x86; {has}"))
    if request.sign == NONE and any(module.trusts_publisher for module in wanted):
        message = "--sign none: a merge module for Windows before 10 needs a signed package and its certificate"
        raise UsageFailure(Diagnostic("PYN-W03", message, help="leave out --sign none, or claim Windows 10 alone in driver.toml"))
    return wanted


def _require_whql(request: Request, modules: list[MergeModule]) -> None:
    """The errors of every architecture at once."""
    errors = [error for module in modules if (error := _missing(request, module))]
    if errors:
        raise DriverFailure(*errors)


def _missing(request: Request, module: MergeModule) -> Diagnostic | None:
    sources = [file.source for file in module.files if file.source.parent.name == _WHQL]
    missing = [source.name for source in sources if not (request.out / source).is_file()]
    if not missing:
        return None
    layout = Layout(module.name, module.arch, request.config)
    folder = request.out / sources[0].parent
    message = f"{folder} lacks {', '.join(missing)}: the {module.arch} package that Microsoft signed"
    help = (
        f"send the package {layout.folder / module.name} to Microsoft's Partner Center (pyndis submit make), "
        "and lay what comes back there (pyndis submit take)"
    )
    return Diagnostic("PYN-W04", message, help=help)


def _make(request: Request, arch: str, tool: Path) -> list[Path]:
    certificate = request.out / Layout(request.manifest.name, arch, request.config).beside("cer")
    drafted = merge_module(request.manifest, arch, PLACEHOLDER)
    sources = {file.id: request.out / file.source for file in drafted.files}
    files = [*sources.values(), *([certificate] if drafted.trusts_publisher else [])]
    products = Products(request, TARGET, arch)
    made_from = [*files, *inputs.all_files(request)]
    if not products.outdated(made_from):
        return []
    with progress().step(f"make {drafted.result}"):
        seen = traces(made_from)
        publisher = Publisher.of(certificate.read_bytes(), arch) if drafted.trusts_publisher else PLACEHOLDER
        module = merge_module(request.manifest, arch, publisher)
        contents = {id: source.read_bytes() for id, source in sources.items()}
        payloads = _payloads(module, sources, contents)
        whql = [file for file in module.files if file.source.parent.name == _WHQL]
        _require_coverage(sources[whql[0].id].parent, {file.name: contents[file.id] for file in whql})
        made = parts(module, contents, payloads, request.time)
        return products.publish({module.result: msitools.database(tool, made.tables, made.streams)}, seen)


def _payloads(module: MergeModule, sources: Mapping[str, Path], contents: Mapping[str, bytes]) -> dict[str, Payload]:
    """The files' facts. Raises DriverFailure for an image that is none (PYN-W05) or of another version (PYN-W08)."""
    made: dict[str, Payload] = {}
    for file in module.files:
        source = sources[file.id]
        try:
            made[file.id] = payload(file.name, contents[file.id])
        except Unreadable as error:
            message = f"{source} cannot go into a merge module: {error}"
            help = "put the driver's image there, as Microsoft sent it back"
            raise DriverFailure(Diagnostic("PYN-W05", message, help=help)) from error
        version = made[file.id].version
        if version and version != module.version:
            message = f"{source} is version {version}, and the driver is {module.version}"
            help = "send this version to Microsoft, too, and put what comes back there"
            raise DriverFailure(Diagnostic("PYN-W08", message, help=help))
    return made


def _require_coverage(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raises DriverFailure (PYN-W09) where the catalog that came back does not list the image and the INF that came back.

    One hash of each is enough: which ones a catalog lists is Microsoft's choice.
    """
    catalog, members = _parted(files)
    try:
        listed = {entry.identifier for entry in read_catalog(files[catalog]).entries}
        found = tuple(f"it lists no hash of {each.name}" for each in members if not listed & _identifiers(each))
    except Failure as failure:
        found = tuple(each.message for each in failure.diagnostics)
    if found:
        message = f"{folder / catalog} is not the catalog of the files beside it"
        help = "put all files there that Microsoft sent back together"
        raise DriverFailure(Diagnostic("PYN-W09", message, notes=found, help=help))


def _parted(files: Mapping[str, bytes]) -> tuple[str, list[Member]]:
    """The catalog's name, and what it has to list."""
    (catalog,) = (name for name in files if name.endswith(".cat"))
    kinds = {name: Kind.IMAGE if name.endswith(".sys") else Kind.FLAT for name in files if name != catalog}
    return catalog, [Member(name, files[name], kind) for name, kind in kinds.items()]


def _identifiers(member: Member) -> set[bytes]:
    return {identifier(member.digest(algorithm), version) for algorithm in ("sha1", "sha256") for version in (1, 2)}
