from pyndis.kernel import *

if KiB > 3:
    LIMIT: Final = 3


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = LIMIT
