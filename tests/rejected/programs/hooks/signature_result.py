from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> u32:
        return 3
