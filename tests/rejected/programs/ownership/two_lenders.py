from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(1000)
    copies = Blocks(1000)
    pool = NblPool(mtu=1500)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        writer = irp.pend(bundle.size, self.lent)
        self.receive(writer)

    @device.read
    def read(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        try:
            copy = self.copies.copy(bundle)
        except BudgetSpent:
            pass
        else:
            self.receive(copy)
        irp.complete(0, Boost.NO)

    def receive(self, source: Shared[Lender]) -> None:
        nbls = Chain[PoolNbl]()
        nbls.append(self.pool.over(source.share(), Span(0, 20), EtherType.IPV4))
