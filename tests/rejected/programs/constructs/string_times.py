from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        text = "a"
        more = text * 3
