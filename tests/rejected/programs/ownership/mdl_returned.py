from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def first(self) -> Mdl | None:
        irp = self.reads.pop()
        if irp is None:
            return None
        borrowed = irp.mdl
        irp.fail(Status.CANCELLED)
        return borrowed
