from pyndis.kernel import *


class Tun(Adapter):
    def size(self, nbl: Nbl) -> u32:
        return nbl.first.size
