from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(1000)
    pool = NblPool(mtu=1500)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        writer = irp.pend(bundle.size, self.lent)
        self.receive(writer, bundle)
        other = writer.share()

    def receive(self, source: Shared[Lender], bundle: View) -> None:
        pass
