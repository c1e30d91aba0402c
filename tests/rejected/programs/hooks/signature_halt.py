from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self, why: u32) -> None:
        pass
