from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        try:
            self.link_up()
        except NtError:
            pass
