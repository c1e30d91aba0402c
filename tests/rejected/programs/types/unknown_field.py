from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = self.tokenz
