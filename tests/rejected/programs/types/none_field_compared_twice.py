from pyndis.kernel import *


class Tun(Adapter):
    def size(self, nbl: Nbl) -> u32:
        if nbl.first is not None:
            return nbl.first.size
        return 0
