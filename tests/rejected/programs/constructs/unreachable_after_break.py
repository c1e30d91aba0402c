from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        while True:
            break
            self.link_down()
