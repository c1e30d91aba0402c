from pyndis.kernel.nbl import MAX_BLOCK, nothing
from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        nothing()
