from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        function = self.link_up
