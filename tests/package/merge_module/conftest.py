"""Wintun's merge modules, of files with made-up content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pyndis.package.manifest import Manifest
from pyndis.package.merge_module import MergeModule, Publisher, merge_module
from pyndis.package.merge_module.database import parts
from pyndis.package.merge_module.payload import Payload, payload
from pyndis.toolchains import msitools
from tests.package.merge_module import judges

DRIVER = Path(__file__).parents[3] / "drivers" / "wintun"
STAMP = 1_700_000_000  # 2023-11-14 22:13:20
CERTIFICATE = bytes(range(256)) * 3


@dataclass(frozen=True)
class Made:
    """A module, what went in by the files' identifiers, and the database that came out."""

    module: MergeModule
    contents: dict[str, bytes]
    payloads: dict[str, Payload]
    data: bytes
    file: Path

    def own(self, name: str) -> str:
        """A name with the module's identifier."""
        return f"{name}.{self.module.guid.strip('{}').replace('-', '_')}"


def make(manifest: Manifest, arch: str, folder: Path, certificate: bytes = CERTIFICATE) -> Made:
    tool = Path(judges.tool("msibuild", "msitools"))
    module = merge_module(manifest, arch, Publisher.of(certificate, arch))
    contents = {file.id: f"{file.source}\n".encode() * (number + 1) for number, file in enumerate(module.files)}
    payloads = {file.id: _payload(file.name, contents[file.id]) for file in module.files}
    made = parts(module, contents, payloads, STAMP)
    data = msitools.database(tool, made.tables, made.streams)
    file = folder / f"{arch}.msm"
    file.write_bytes(data)
    return Made(module, contents, payloads, data, file)


def _payload(name: str, content: bytes) -> Payload:
    if not name.endswith(".sys"):
        return payload(name, content)
    facts = payload("any", content)
    return Payload(facts.size, facts.hash, "0.1.0.0", "1033")


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return Manifest.load(DRIVER)


@pytest.fixture(scope="session", params=["amd64", "x86"])
def made(request: pytest.FixtureRequest, manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(manifest, request.param, tmp_path_factory.mktemp("module"))
