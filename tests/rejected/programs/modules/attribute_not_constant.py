from pyndis.kernel import *


class Tun(Adapter):
    device = ControlDevice(
        name="TEST{luid_index}",
        sddl=sddl(),
        create_refused=Status.DELETE_PENDING,
        io_refused=Status.FILE_FORCED_CLOSED,
        gone=Status.INVALID_HANDLE,
        other_requests=Status.INVALID_PARAMETER,
    )
