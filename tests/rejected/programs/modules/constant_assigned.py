from pyndis.kernel import *


LIMIT: Final = 3


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        LIMIT = 4
        LIMIT += 1
        self.link_up()
