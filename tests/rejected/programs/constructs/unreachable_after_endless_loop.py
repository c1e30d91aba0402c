from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        while True:
            self.link_down()
        self.link_up()
