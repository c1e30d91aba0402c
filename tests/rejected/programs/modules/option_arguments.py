from pyndis.kernel import *


RECEIVE: Final = option("receive")


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        if RECEIVE == "copy":
            self.link_down()
