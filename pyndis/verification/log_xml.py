"""The verification log as XML, and back. Written and read with xml.etree, as JUnit's reports are; `dvl.xsd` is its schema."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pyndis.contract.output.junit import xml_text
from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.verification.log import NOTICE, Digest, Log
from pyndis.verification.results import RuleResult, Verification

NAMESPACE = "urn:pyndis:verification-log:1"
SCHEMA = Path(__file__).with_name("dvl.xsd")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def document(log: Log) -> bytes:
    """The log in UTF-8; the same log gives the same bytes."""
    root = Element("verificationLog", {"xmlns": NAMESPACE})
    _add(root, "notice", NOTICE)
    driver = _add(root, "driver", name=log.driver, version=log.version, driverVer=log.driver_ver)
    for arch in log.architectures:
        _add(driver, "architecture", arch)
    _add(root, "created", datetime.fromtimestamp(log.created, UTC).strftime(_TIME))
    tools = _add(root, "tools")
    for name, version in sorted(log.tools.items()):
        _add(tools, "tool", name=name, version=version)
    _files(_add(root, "sources", folder=log.source_folder), log.sources)
    _files(_add(root, "generated"), log.generated)
    _files(_add(root, "images"), log.images)
    _verification(root, log.verification)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add(parent: Element, tag: str, text: str = "", /, **attributes: str) -> Element:
    element = SubElement(parent, tag, {key: xml_text(value) for key, value in attributes.items()})
    element.text = xml_text(text) or None
    return element


def _files(parent: Element, digests: Iterable[Digest]) -> None:
    for each in digests:
        image = {"architecture": each.arch, "authenticodeSha256": each.authenticode} if each.arch else {}
        _add(parent, "file", path=each.path, sha256=each.sha256, **image)


def _verification(root: Element, it: Verification) -> None:
    explored = {"schedules": str(it.schedules), "preemptions": str(it.preemptions)} if it.preemptions is not None else {}
    element = _add(
        root,
        "verification",
        by="pyndis",
        architecture=it.arch,
        configuration=it.config,
        imageSha256=it.digest,
        passed=str(it.passed).lower(),
        functions=str(it.functions),
        **explored,
    )
    for verdict, count in it.cases.items():
        _add(element, "cases", verdict=verdict, count=str(count))
    for place in it.unsafe:
        _add(element, "unsafe", place=place)
    for result in it.results:
        _rule(element, result)


def _rule(parent: Element, result: RuleResult) -> None:
    number = {"driverVerifier": result.rule.dv} if result.rule.dv else {}
    element = _add(parent, "rule", family=result.rule.family, name=result.rule.name, result=result.result, **number)
    _add(element, "demand", result.rule.demand)
    if result.reason:
        _add(element, "reason", result.reason)
    for evidence in result.evidence:
        _add(element, "evidence", evidence)
    for defect in result.defects:
        where = {key: value for key, value in (("place", defect.place), ("case", defect.case)) if value}
        _add(element, "defect", defect.message, **where)


def digests(data: bytes) -> tuple[str, list[Digest], list[Digest]]:
    """What a log says of files: the folder of the sources, the sources, and the files beside the log.

    Raises DriverFailure (PYN-Y04) for what is no such log.
    """
    try:
        root = ElementTree.fromstring(data)
        if root.tag != _name("verificationLog"):
            raise ValueError(f"its root is {root.tag.rpartition('}')[2]}")
        sources = _part(root, "sources")
        beside = [*_read(_part(root, "generated")), *_read(_part(root, "images"))]
        return sources.attrib["folder"], _read(sources), beside
    except (ElementTree.ParseError, ValueError, KeyError) as error:
        help = "give a NAME.DVL.XML that pyndis build --target DVL wrote; Microsoft's logs have another format"
        raise DriverFailure(Diagnostic("PYN-Y04", f"this is no verification log of pyndis: {error}", help=help)) from error


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _part(root: Element, name: str) -> Element:
    found = root.find(_name(name))
    if found is None:
        raise ValueError(f"it has no element {name}")
    return found


def _read(parent: Element) -> list[Digest]:
    return [
        Digest(each.attrib["path"], each.attrib["sha256"], each.get("architecture", ""), each.get("authenticodeSha256", ""))
        for each in parent.findall(_name("file"))
    ]
