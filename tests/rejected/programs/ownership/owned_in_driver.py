from pyndis.kernel import *


class Tun(Adapter):
    def keep(self, irp: Irp) -> None:
        owned(irp).complete(0, Boost.NO)
