from pyndis.kernel import *


class Big:
    bytes: Annotated[Array[u64], 4096]


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        big = Big()
        big.bytes[3] = 4
