from pyndis.kernel import *


class Tun(Adapter):
    @on.receive
    def receive(self) -> None:
        pass
