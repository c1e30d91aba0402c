from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    state = Locked[State]()
    reads = IrpQueue[Irp]()

    @on.halt
    def halt(self) -> None:
        irp = self.reads.pop()
        if irp is not None:
            with self.state as state:
                irp.fail(Status.CANCELLED)
