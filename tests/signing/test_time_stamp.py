import datetime
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from pyndis import signing
from pyndis.diagnostics import ToolFailure, UsageFailure
from pyndis.signing import pe
from tests.signing import handmade_images
from tests.signing.conftest import INF, YESTERDAY, Authority, Osslsigncode, absent, catalog_options

CONFIGURATION = """
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Server(http.server.ThreadingHTTPServer):
    """A time stamp server around `openssl ts`; `answer` overrides what it says, `status` the HTTP status."""

    folder: Path
    answer: bytes | None = None
    status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Stamp(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        folder = self.server.folder
        request = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/timestamp-query"
        (folder / "request").write_bytes(request)
        command: list[str | Path] = ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", folder / "request"]
        files: list[str | Path] = ["-signer", folder / "tsa.pem", "-inkey", folder / "tsa.key", "-out", folder / "reply"]
        subprocess.run([*command, *files], check=True, capture_output=True, timeout=60)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write((folder / "reply").read_bytes() if self.server.answer is None else self.server.answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, issue: Authority, root: signing.Identity) -> Iterator[Server]:
    if shutil.which("openssl") is None:
        absent("openssl")
    authority = issue("clock", root, usages=[ExtendedKeyUsageOID.TIME_STAMPING], critical=True)
    (tmp_path / "tsa.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    key = authority.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "tsa.key").write_bytes(key)
    (tmp_path / "serial").write_text("01")
    (tmp_path / "tsa.cnf").write_text(CONFIGURATION.format(folder=tmp_path))
    with Server(("127.0.0.1", 0), Stamp) as running:
        running.folder = tmp_path
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def brief_publisher(issue: Authority, root: signing.Identity) -> signing.Identity:
    return issue("brief", root, usages=[ExtendedKeyUsageOID.CODE_SIGNING], start=YESTERDAY, days=2)


def stamped(server: Server, identity: signing.Identity) -> bytes:
    stamp = signing.time_stamp_server(server.url)
    return signing.sign_image(handmade_images.image(), identity, description="Wintun", stamp=stamp)


def codes(image: bytes, trusted: list[x509.Certificate]) -> list[str]:
    return [each.code for each in signing.verify_image(image, trusted)]


def test_stamped_image_verifies_and_tells_its_time(server: Server, publisher: signing.Identity, root: signing.Identity) -> None:
    image = stamped(server, publisher)
    assert codes(image, [root.certificate]) == []
    told = datetime.datetime.fromisoformat(signing.inspect_signature(image)["signature"]["time_stamp"])
    assert abs(told - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=5)


def test_osslsigncode_verifies_the_time_stamp(
    server: Server, publisher: signing.Identity, root: signing.Identity, osslsigncode: Osslsigncode, tmp_path: Path
) -> None:
    image, ca = tmp_path / "wintun.sys", tmp_path / "root.pem"
    image.write_bytes(stamped(server, publisher))
    ca.write_bytes(root.certificate.public_bytes(Encoding.PEM))
    verdict = osslsigncode("verify", "-CAfile", ca, "-TSA-CAfile", ca, image)
    assert verdict.returncode == 0, verdict.stdout
    assert "Timestamp verified using" in verdict.stdout


def test_catalog_can_be_stamped(server: Server, publisher: signing.Identity, root: signing.Identity, version: int) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    unsigned = signing.make_catalog(members, **catalog_options(version=version))
    stamp = signing.time_stamp_server(server.url)
    catalog = signing.sign_catalog(unsigned, publisher, description="Wintun", stamp=stamp)
    assert signing.verify_catalog(catalog, members, [root.certificate]) == []
    assert signing.inspect_catalog(catalog)["signature"]["time_stamp"]


def test_stamp_keeps_a_signature_valid_after_its_certificate(
    server: Server,
    brief_publisher: signing.Identity,
    root: signing.Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_stamp = stamped(server, brief_publisher)
    without = signing.sign_image(handmade_images.image(), brief_publisher, description="Wintun")

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Later":
            return super().now(tz) + datetime.timedelta(days=5)

    monkeypatch.setattr("pyndis.signing.signature_checks.datetime.datetime", Later)
    assert codes(with_stamp, [root.certificate]) == []
    assert codes(without, [root.certificate]) == ["PYN-G37"]


def test_stamp_by_an_untrusted_clock_is_a_finding(server: Server, identity: signing.Identity, root: signing.Identity) -> None:
    assert codes(stamped(server, identity), [identity.certificate]) == ["PYN-G35"]


def test_changed_time_is_a_finding(server: Server, publisher: signing.Identity, root: signing.Identity) -> None:
    image = stamped(server, publisher)
    layout = pe.read_layout(image)
    year = str(datetime.datetime.now(datetime.UTC).year).encode()
    signature = pe.signature_bytes(image, layout)
    (at,) = [at for at in range(len(signature)) if signature[at - 2 : at + 4] == b"\x18\x0f" + year]
    older = signature[:at] + b"2001" + signature[at + 4 :]
    changed = pe.with_signature(pe.without_signature(image, layout), layout, older)
    assert "PYN-G34" in codes(changed, [root.certificate])


@pytest.mark.parametrize("answer", [b"", b"<html>", bytes.fromhex("3005300302010200")])
def test_answer_that_is_no_time_stamp_is_a_clear_failure(answer: bytes, server: Server, publisher: signing.Identity) -> None:
    server.answer = answer
    with pytest.raises(ToolFailure, match=r"PYN-G08: the time stamp server http://127.0.0.1") as caught:
        stamped(server, publisher)
    assert caught.value.diagnostics[0].help


def test_refusal_is_repeated(server: Server, publisher: signing.Identity) -> None:
    server.answer = bytes.fromhex("30053003020102")
    with pytest.raises(ToolFailure, match="refuses: rejection"):
        stamped(server, publisher)


def test_stamp_of_another_request_is_refused(server: Server, publisher: signing.Identity) -> None:
    stamped(server, publisher)
    server.answer = (server.folder / "reply").read_bytes()
    with pytest.raises(ToolFailure, match="a time stamp of something else"):
        stamped(server, publisher)


def test_server_that_fails_is_a_clear_failure(server: Server, publisher: signing.Identity) -> None:
    server.status = 503
    with pytest.raises(ToolFailure, match=r"PYN-G08.*cannot be asked"):
        stamped(server, publisher)


def test_server_that_is_not_there_is_a_clear_failure(server: Server, publisher: signing.Identity) -> None:
    stamp = signing.time_stamp_server(server.url)
    server.shutdown()
    server.server_close()
    with pytest.raises(ToolFailure, match=r"PYN-G08.*cannot be asked"):
        stamp(b"signature")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "timestamp.example.com", "", "ftp://example.com"])
def test_only_web_addresses_are_time_stamp_servers(url: str) -> None:
    with pytest.raises(UsageFailure, match="PYN-G07"):
        signing.time_stamp_server(url)
