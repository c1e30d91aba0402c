"""What Microsoft gave back, held against what was sent: the same INF, the same image but for signatures, a catalog over both.

Public documents do not give the layout of the answer; archives that people describe have `drivers/FOLDER/` with .sys, .inf and
.cat. So a package is found by its INF wherever it lies, and by its image's machine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from cryptography import x509

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.package.submission_folder import MACHINES
from pyndis.signing import Kind, Member, SignedBy, authenticode_digest, catalog_integrity, catalog_signer, image_integrity

PUBLISHER = "Microsoft Windows Hardware Compatibility Publisher"
KINDS = ("sys", "inf", "cat")

# What Microsoft's extended key usages say of the way to the signature ("Attestation sign Windows drivers"; wincrypt.h).
_WAYS = {"1.3.6.1.4.1.311.10.3.5.1": "attested", "1.3.6.1.4.1.311.10.3.5": "tested in the HLK"}


@dataclass(frozen=True)
class Returned:
    """A package in the answer. `files`: its path and content by kind; `others`: what else lies in its folder."""

    folder: PurePosixPath
    arch: str
    files: Mapping[str, tuple[PurePosixPath, bytes]]
    others: Mapping[PurePosixPath, bytes]

    def data(self, kind: str) -> bytes:
        """The content of one of KINDS."""
        return self.files[kind][1]


def returned_packages(files: Mapping[PurePosixPath, bytes], name: str) -> list[Returned]:
    """The packages of a driver. Raises DriverFailure (PYN-G61) for none, two of an architecture, or one with a part missing."""
    infs = [path for path in files if path.name.casefold() == f"{name}.inf".casefold()]
    if not infs:
        held = sorted(str(path) for path in files)[:20]
        help = "give the answer to this driver's submission, and --brand or --set file=NAME as they were"
        message = f"there is no {name}.inf in what came back"
        raise DriverFailure(Diagnostic("PYN-G61", message, notes=(f"it holds {', '.join(held) or 'nothing'}",), help=help))
    packages = [_package(files, inf, name) for inf in sorted(infs)]
    for number, each in enumerate(packages):
        if other := next((other for other in packages[:number] if other.arch == each.arch), None):
            raise _missing(f"{other.folder} and {each.folder} both hold the {each.arch} package")
    return packages


def _package(files: Mapping[PurePosixPath, bytes], inf: PurePosixPath, name: str) -> Returned:
    beside = {path.name.casefold(): path for path in files if path.parent == inf.parent}
    found: dict[str, tuple[PurePosixPath, bytes]] = {}
    for kind in KINDS:
        path = beside.pop(f"{name}.{kind}".casefold(), None)
        if path is None:
            raise _missing(f"{inf.parent} holds no {name}.{kind}")
        found[kind] = (path, files[path])
    return Returned(inf.parent, _machine(*found["sys"]), found, {path: files[path] for path in beside.values()})


def _machine(path: PurePosixPath, data: bytes) -> str:
    try:
        (header,) = struct.unpack_from("<I", data, 0x3C)
        return MACHINES[struct.unpack_from("<H", data, header + 4)[0]]
    except (struct.error, KeyError):
        raise _missing(f"{path} is no image for a machine that Windows drivers are made for") from None


def findings(got: Returned, sent: Mapping[str, bytes], trusted: Sequence[x509.Certificate]) -> Iterator[Diagnostic]:
    """What is wrong with a package, each with its file's name: PYN-G62, PYN-G64, and those of signatures."""
    yield from _differences(got, sent)
    for found in image_integrity(got.data("sys"), trusted):
        yield _of(got, "sys", found)
    members = [Member(f"{got.files[kind][0].name}", got.data(kind), _KINDS[kind]) for kind in ("sys", "inf")]
    for found in catalog_integrity(got.data("cat"), members, trusted):
        yield _of(got, "cat", found)
    try:
        signer = catalog_signer(got.data("cat"))
    except DriverFailure:
        return  # said above
    if signer and signer.common_name != PUBLISHER:
        path = got.files["cat"][0]
        message = f"{path} is signed by {signer.chain[0]}, not by {PUBLISHER}"
        yield Diagnostic("PYN-G64", message, help="this is not what the portal gave back: download it again")


_KINDS = {"sys": Kind.IMAGE, "inf": Kind.FLAT}


def _differences(got: Returned, sent: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    if got.data("inf") != sent["inf"]:
        yield _another(got.files["inf"][0], "its bytes differ from those of the INF that was sent")
    try:
        same = authenticode_digest(got.data("sys")) == authenticode_digest(sent["sys"])
    except DriverFailure as failure:
        yield from (_of(got, "sys", each) for each in failure.diagnostics)
    else:
        if not same:
            yield _another(got.files["sys"][0], "without its signatures it is not the image that was sent")
    for path, data in sorted(got.others.items()):
        if path.suffix.casefold() != ".pdb" or data != sent.get("pdb"):
            yield _another(path, "nothing of that kind was sent")


def way(signer: SignedBy) -> str | None:
    """How the package came to its signature, as the signer's certificate says."""
    return next((way for usage, way in _WAYS.items() if usage in signer.usages), None)


def _of(got: Returned, kind: str, found: Diagnostic) -> Diagnostic:
    return replace(found, message=f"{got.files[kind][0]}: {found.message}", help="download the answer from the portal again")


def _another(path: PurePosixPath, found: str) -> Diagnostic:
    help = "take the answer to this very build, or build what was sent again, from the same sources and with the same options"
    return Diagnostic("PYN-G62", f"{path} is not what was sent: {found}", help=help)


def _missing(found: str) -> DriverFailure:
    help = "give the whole answer to this driver's submission"
    return DriverFailure(Diagnostic("PYN-G61", f"what came back is not a package of each architecture: {found}", help=help))
