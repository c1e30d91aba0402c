from pyndis.kernel import *


ONE: Final = uptime_ms()


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = ONE
