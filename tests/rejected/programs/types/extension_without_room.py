from pyndis.kernel import *


class Packet(NetBuffer):
    one: u64


class Tun(Adapter):
    def look(self, packet: Packet) -> None:
        packet.one = 3
