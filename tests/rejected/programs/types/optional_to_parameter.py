from pyndis.kernel import *


class Tun(Adapter):
    def size(self, packet: NetBuffer) -> u32:
        return packet.size

    def first(self, nbl: Nbl) -> u32:
        return self.size(nbl.first)
