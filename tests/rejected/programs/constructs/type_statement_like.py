from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        x: u32 = 1
        x: u64 = 2
