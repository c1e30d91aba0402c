from pyndis.kernel import *


class Tun(Adapter):
    def last(self, nbl: Nbl) -> u32:
        packet = nbl.first
        while packet is not None:
            packet = packet.next_in_nbl
        return packet.size
