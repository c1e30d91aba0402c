from pyndis.kernel import *


class Tun(Adapter):
    def size(self, packet: NetBuffer) -> u32:
        return packet.size

    @on.halt
    def halt(self) -> None:
        self.size(None)
