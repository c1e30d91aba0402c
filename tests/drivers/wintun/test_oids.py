from __future__ import annotations

import pytest

from pyndis.ddi import facts
from pyndis.host import Adapter, Handle, Host
from pyndis.package.manifest import Manifest
from pyndis.toolchains.targets import Arch
from tests.drivers.wintun.counters import counters
from tests.drivers.wintun.images import DRIVER
from tests.drivers.wintun.oids import CONSTANT_ANSWERS, COUNTERS, QUERIES, SETS, SIZES, number
from tests.drivers.wintun.structs import Header, constant, fields, header
from tests.host.packets import SMALLEST_READ, bundle, ipv4, ipv6
from tests.host.statuses import Ndis, oid

FILL = b"\xee"
KNOWN = {oid(name) for name in QUERIES | SETS}
OTHER_OIDS = sorted(
    name.removeprefix("OID_")
    for name in facts().constants["constants"]
    if name.startswith(("OID_GEN_", "OID_802_3_", "OID_TCP_")) and constant(name) not in KNOWN
)
WRONG_KIND = [("set", name) for name in sorted(QUERIES - SETS - {"PNP_QUERY_POWER"})]
WRONG_KIND += [("query", name) for name in sorted(SETS - QUERIES - {"PNP_SET_POWER"})]
UNKNOWN_REQUEST_TYPES = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 99]


def pm_parameters(revision: int = 1, *, size: int | None = None, type: int = 0x80, patterns: int = 0, offloads: int = 0,
                  wake_up: int = 0, events: int = 0) -> bytes:  # fmt: skip
    length = 16 if revision == 1 else 20
    head = bytes([type, revision]) + (length if size is None else size).to_bytes(2, "little")
    values = [patterns, offloads, wake_up, events][: 3 if revision == 1 else 4]
    return head + b"".join(map(number, values))


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("name", CONSTANT_ANSWERS)
@pytest.mark.parametrize("kind", ["query", "statistics"])
def test_a_constant_answer(adapter: Adapter, name: str, kind: str) -> None:
    answer = adapter.oid(**{kind: oid(name)})  # type: ignore[arg-type]
    assert (answer.status, answer.data, answer.written) == (Ndis.SUCCESS, CONSTANT_ANSWERS[name], len(CONSTANT_ANSWERS[name]))


@pytest.mark.spec("W-82")
def test_the_driver_version_is_that_of_the_package(adapter: Adapter) -> None:
    major, minor = Manifest.load(DRIVER, (), None).driver.version[:2]
    assert adapter.oid(query=oid("GEN_VENDOR_DRIVER_VERSION"), length=4).value == major << 16 | minor


@pytest.mark.spec("W-82", "W-83")
@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("kind", ["query", "statistics"])
def test_a_buffer_of_every_length(adapter: Adapter, name: str, kind: str) -> None:
    size = SIZES[name]
    for length in range(size + 9):
        answer = adapter.oid(**{kind: oid(name)}, data=FILL * length, length=length)  # type: ignore[arg-type]
        if length < size:
            assert (answer.status, answer.written, answer.needed) == (Ndis.BUFFER_TOO_SHORT, 0, size)
            assert answer.buffer == FILL * length
        else:
            assert (answer.status, answer.written) == (Ndis.SUCCESS, size)
            assert answer.buffer[size:] == FILL * (length - size)


@pytest.mark.spec("W-82", "W-83")
@pytest.mark.parametrize("name", COUNTERS)
def test_a_counter_takes_4_or_8_bytes_and_says_that_it_has_8(host: Host, adapter: Adapter, handle: Handle, name: str) -> None:
    handle.write(bundle(ipv4(), ipv6()))
    adapter.send([ipv4()] * 2)
    assert handle.read(SMALLEST_READ).done
    for length in range(17):
        answer = adapter.oid(query=oid(name), data=FILL * length, length=length)
        size = 0 if length < 4 else 4 if length < 8 else 8
        assert (answer.written, answer.needed) == (size, 8)
        assert answer.status == (Ndis.SUCCESS if size else Ndis.BUFFER_TOO_SHORT)
        assert answer.buffer == (2).to_bytes(8, "little")[:size] + FILL * (length - size)


@pytest.mark.spec("W-82")
def test_statistics_are_a_whole_structure(host: Host, adapter: Adapter, handle: Handle, wintun_arch: Arch) -> None:
    handle.write(bundle(ipv4(100), ipv6(200)))
    adapter.send([ipv4(300)])
    handle.read(SMALLEST_READ)
    data = adapter.oid(query=oid("GEN_STATISTICS"), length=152).data
    assert header(data) == Header(constant("NDIS_OBJECT_TYPE_DEFAULT"), 1, 152)
    supported = fields("NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES", adapter.declared["general"], wintun_arch)[
        "SupportedStatistics"
    ]
    assert fields("NDIS_STATISTICS_INFO", data)["SupportedStatistics"] == supported
    assert {name: value for name, value in counters(adapter).items() if value} == {
        "ifHCInOctets": 300,
        "ifHCInUcastOctets": 300,
        "ifHCInUcastPkts": 2,
        "ifHCOutOctets": 300,
        "ifHCOutUcastOctets": 300,
        "ifHCOutUcastPkts": 1,
    }


@pytest.mark.spec("W-82")
def test_interrupt_moderation_is_not_supported_and_cannot_be_set(adapter: Adapter) -> None:
    data = adapter.oid(query=oid("GEN_INTERRUPT_MODERATION"), length=12).data
    assert header(data) == Header(constant("NDIS_OBJECT_TYPE_DEFAULT"), 1, 12)
    assert fields("NDIS_INTERRUPT_MODERATION_PARAMETERS", data) == {
        "Flags": 0,
        "InterruptModeration": constant("NdisInterruptModerationNotSupported"),
    }
    for length in range(16):
        answer = adapter.oid(set=oid("GEN_INTERRUPT_MODERATION"), data=data.ljust(16, b"\0")[:length])
        assert (answer.status, answer.read) == (Ndis.INVALID_DATA, 0)


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("length", [0, 4, 8])
def test_query_power_succeeds(adapter: Adapter, length: int) -> None:
    answer = adapter.oid(query=oid("PNP_QUERY_POWER"), data=FILL * length, length=length)
    assert (answer.status, answer.written, answer.buffer) == (Ndis.SUCCESS, 0, FILL * length)
    assert adapter.link.power == 0


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("name", ["GEN_CURRENT_PACKET_FILTER", "GEN_CURRENT_LOOKAHEAD"])
def test_these_take_exactly_4_bytes(adapter: Adapter, name: str) -> None:
    for length in range(10):
        answer = adapter.oid(set=oid(name), data=bytes(length))
        if length == 4:
            assert (answer.status, answer.read) == (Ndis.SUCCESS, 4)
        else:
            assert (answer.status, answer.read, answer.needed) == (Ndis.INVALID_LENGTH, 0, 4)


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("length", [0, 1, 4, 32, 100])
def test_link_parameters_are_accepted(adapter: Adapter, length: int) -> None:
    answer = adapter.oid(set=oid("GEN_LINK_PARAMETERS"), data=bytes(length))
    assert (answer.status, answer.read) == (Ndis.SUCCESS, length)


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("revision", [1, 2])
def test_power_management_with_nothing_enabled_is_accepted(adapter: Adapter, revision: int) -> None:
    data = pm_parameters(revision)
    answer = adapter.oid(set=oid("PM_PARAMETERS"), data=data)
    assert (answer.status, answer.read) == (Ndis.SUCCESS, len(data))
    assert answer.supported_revision in (1, revision)


@pytest.mark.spec("W-82")
@pytest.mark.parametrize(
    "enabled",
    [{"patterns": 1}, {"patterns": 0x8000_0000}, {"offloads": 1}, {"wake_up": 1}, {"patterns": 1, "offloads": 2, "wake_up": 4}],
)
@pytest.mark.parametrize("revision", [1, 2])
def test_power_management_with_anything_enabled_is_refused(adapter: Adapter, enabled: dict[str, int], revision: int) -> None:
    answer = adapter.oid(set=oid("PM_PARAMETERS"), data=pm_parameters(revision, **enabled))
    assert (answer.status, answer.read) == (constant("STATUS_INVALID_PARAMETER"), 0)


@pytest.mark.spec("W-82")
def test_a_wake_up_event_of_the_medium_is_refused(adapter: Adapter) -> None:
    answer = adapter.oid(set=oid("PM_PARAMETERS"), data=pm_parameters(2, events=1))
    assert answer.status == constant("STATUS_INVALID_PARAMETER")


@pytest.mark.spec("W-82")
def test_power_management_parameters_are_checked_before_they_are_read(adapter: Adapter) -> None:
    whole = pm_parameters()
    for length in range(16):
        answer = adapter.oid(set=oid("PM_PARAMETERS"), data=whole[:length])
        assert answer.status in (Ndis.INVALID_LENGTH, constant("STATUS_INVALID_PARAMETER"))
        assert answer.read == 0
    for broken in (pm_parameters(size=15), pm_parameters(size=17), pm_parameters(type=0x81), pm_parameters(0)[:16]):
        assert adapter.oid(set=oid("PM_PARAMETERS"), data=broken).status == constant("STATUS_INVALID_PARAMETER")


@pytest.mark.spec("W-82", "W-68")
def test_set_power_takes_exactly_one_state(adapter: Adapter) -> None:
    for length in [0, 1, 2, 3, 5, 8]:
        answer = adapter.oid(set=oid("PNP_SET_POWER"), data=number(4).ljust(8, b"\0")[:length])
        assert answer.status == Ndis.NOT_ACCEPTED  # NDIS takes no other failure of this OID
        assert answer.read == 0
    for state in (1, 2, 3, 4, 1):  # D0 is 1
        answer = adapter.oid(set=oid("PNP_SET_POWER"), data=number(state))
        assert (answer.status, answer.read) == (Ndis.SUCCESS, 4)


@pytest.mark.spec("W-82", "W-68")
@pytest.mark.parametrize("state", [0, 5, 0xFFFF_FFFF])
def test_a_power_state_that_does_not_exist_changes_nothing(adapter: Adapter, handle: Handle, state: int) -> None:
    assert adapter.oid(set=oid("PNP_SET_POWER"), data=number(state)).status == Ndis.NOT_ACCEPTED
    assert adapter.send([ipv4()]).statuses == [None]


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("name", OTHER_OIDS)
def test_any_other_oid_is_not_supported(adapter: Adapter, name: str) -> None:
    for length in (0, 4, 8, 200):
        for kind in ("query", "statistics", "set"):
            answer = adapter.oid(**{kind: oid(name)}, data=FILL * length, length=length)  # type: ignore[arg-type]
            assert (answer.status, answer.written, answer.read) == (Ndis.NOT_SUPPORTED, 0, 0)
            assert answer.buffer == FILL * length


@pytest.mark.spec("W-82")
@pytest.mark.parametrize(("kind", "name"), WRONG_KIND)
def test_a_known_oid_of_the_wrong_kind_is_not_supported(adapter: Adapter, kind: str, name: str) -> None:
    for length in (0, 4, 12, 200):
        answer = adapter.oid(**{kind: oid(name)}, data=FILL * length, length=length)  # type: ignore[arg-type]
        assert (answer.status, answer.written, answer.read) == (Ndis.NOT_SUPPORTED, 0, 0)
        assert answer.buffer == FILL * length


@pytest.mark.spec("W-82")
@pytest.mark.parametrize(("kind", "name"), [("set", "PNP_QUERY_POWER"), ("query", "PNP_SET_POWER")])
def test_a_power_oid_of_the_wrong_kind_is_not_supported(host: Host, adapter: Adapter, kind: str, name: str) -> None:
    host.expect("NdisOidComplete")  # which NDIS never asks, since it takes no such answer
    assert adapter.oid(**{kind: oid(name)}, data=number(4)).status == Ndis.NOT_SUPPORTED  # type: ignore[arg-type]
    assert adapter.link.power == 0


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("number_", [0, 1, 0xFFFF_FFFF, 0xFD01_0103])
def test_an_unknown_number_is_not_supported(adapter: Adapter, number_: int) -> None:
    assert adapter.oid(query=number_).status == Ndis.NOT_SUPPORTED
    assert adapter.oid(set=number_, data=bytes(4)).status == Ndis.NOT_SUPPORTED


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("name", sorted((QUERIES | SETS) - {"PNP_QUERY_POWER", "PNP_SET_POWER"}))
def test_a_method_request_is_an_invalid_oid(adapter: Adapter, name: str) -> None:
    for length in (0, 4, 8, 200):
        answer = adapter.oid(method=oid(name), data=FILL * length, out=length)
        assert (answer.status, answer.written, answer.read) == (Ndis.INVALID_OID, 0, 0)
        assert answer.buffer == FILL * length


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("type", UNKNOWN_REQUEST_TYPES)
def test_any_other_request_type_is_an_invalid_oid(host: Host, adapter: Adapter, type: int) -> None:
    keys: dict[str, int | str] = {"adapter": adapter.id, "type": str(type), "oid": oid("GEN_STATISTICS"), "length": 200}
    assert host.session.finish(host.session.start("oid", keys)).number("status") == Ndis.INVALID_OID


@pytest.mark.spec("W-83")
def test_direct_oids_are_not_supported(adapter: Adapter, wintun_arch: Arch) -> None:
    assert adapter.oid(query=oid("GEN_STATISTICS"), direct=True).status == Ndis.NOT_SUPPORTED
    characteristics = fields("NDIS_MINIPORT_DRIVER_CHARACTERISTICS", adapter.declared["characteristics"], wintun_arch)
    assert (characteristics["DirectOidRequestHandler"], characteristics["CancelDirectOidRequestHandler"]) == (0, 0)


@pytest.mark.spec("W-82", "W-83")
def test_cancelling_an_oid_that_is_not_there_does_nothing(host: Host, adapter: Adapter) -> None:
    host.calls(reset=True)
    adapter.cancel_oid(5)
    assert host.calls() == {}
    assert adapter.oid(query=oid("GEN_VENDOR_ID"), length=4, request_id=5).status == Ndis.SUCCESS


@pytest.mark.spec("W-82")
@pytest.mark.parametrize("state", ["paused", "asleep", "closed", "open"])
def test_oids_are_answered_in_every_state(host: Host, adapter: Adapter, state: str) -> None:
    if state == "paused":
        adapter.pause()
    if state == "asleep":
        adapter.set_power(3)
    if state == "open":
        host.process().open(r"\\.\WINTUN7")
    for name, answer in CONSTANT_ANSWERS.items():
        assert adapter.oid(query=oid(name)).data == answer
