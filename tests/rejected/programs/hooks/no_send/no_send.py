from pyndis.kernel import *


class Tun(Adapter):
    attributes = Attributes(
        medium="IP",
        physical_medium="unspecified",
        interface="internal",
        if_type=53,
        mtu=1500,
        lookahead=1500,
        link_speed=1_000_000,
        full_duplex=True,
        access="broadcast",
        direction="send-receive",
        connection="dedicated",
        connector=False,
        pause_functions="unsupported",
        auto_negotiated=("xmit speed",),
        mac_options=("no loopback",),
        packet_filters=("directed",),
        flags=("surprise remove ok",),
    )

    device = ControlDevice(
        name="TEST{luid_index}",
        sddl="D:P(A;;GA;;;SY)",
        create_refused=Status.DELETE_PENDING,
        io_refused=Status.FILE_FORCED_CLOSED,
        gone=Status.INVALID_HANDLE,
        other_requests=Status.INVALID_PARAMETER,
    )


class Test(Driver):
    adapter = Tun
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))
