from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(1000)
    pool = NblPool(mtu=1500)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        writer = irp.pend(bundle.size, self.lent)
        nbls = Chain[PoolNbl]()
        nbl = self.pool.over(writer.share(), Span(0, 20), EtherType.IPV4)
        nbl.source = writer
        nbls.append(nbl)
