from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = 3
        match value:
            case _:
                self.link_up()
            case 3:
                self.link_down()
