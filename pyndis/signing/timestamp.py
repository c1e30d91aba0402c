"""RFC 3161 time stamps: they let a signature outlive its certificate. Only asked for by `--timestamp`, never by default."""

from __future__ import annotations

import hashlib
import secrets
import urllib.error
import urllib.parse
import urllib.request

from asn1crypto.tsp import TimeStampReq

from pyndis.diagnostics import Diagnostic, ToolFailure, UsageFailure
from pyndis.signing import spc
from pyndis.signing.signed_data import Stamper, digest_algorithm

_SECONDS = 30
_LONGEST_ANSWER = 1 << 20  # bytes; a token with its certificates takes a few thousand


def time_stamp_server(url: str) -> Stamper:
    """A function that has signatures stamped by the server at `url`.

    Raises UsageFailure (PYN-G07) for another kind of address; the function raises ToolFailure (PYN-G08).
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        help = "give the RFC 3161 address of your certificate authority, such as http://timestamp.example.com"
        raise UsageFailure(Diagnostic("PYN-G07", f"{url} is no http or https address of a time stamp server", help=help))

    def stamp(signature: bytes) -> bytes:
        nonce = secrets.randbits(64)
        imprint = {"hash_algorithm": digest_algorithm("sha256"), "hashed_message": hashlib.sha256(signature).digest()}
        request = TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True})
        return _token(url, _ask(url, request.dump()), request)

    return stamp


def _ask(url: str, request: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, request, headers), timeout=_SECONDS) as answer:
            body: bytes = answer.read(_LONGEST_ANSWER)
            return body
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise _failed(url, f"cannot be asked: {reason}") from error


def _token(url: str, answer: bytes, request: TimeStampReq) -> bytes:
    try:
        response = spc.TimeStampAnswer.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise _failed(url, f"refuses: {status}")
        token = response["token"]
        info = token["content"]["encap_content_info"]["content"].parsed
        fits = all(info[each].native == request[each].native for each in ("nonce", "message_imprint"))
        der: bytes = token.dump()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _failed(url, "answers with something that is no time stamp") from error
    if not fits:
        raise _failed(url, "answers with a time stamp of something else")
    return der


def _failed(url: str, found: str) -> ToolFailure:
    help = "try again, or another server; without --timestamp the signature ends with its certificate"
    return ToolFailure(Diagnostic("PYN-G08", f"the time stamp server {url} {found}", help=help))
