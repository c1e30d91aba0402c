from pyndis.kernel import *


class Tun(Adapter):
    @device.read
    def read(self) -> None:
        pass
