from pyndis.kernel import *


class Tun(Adapter):
    @ageing.elapsed
    def expire(self) -> None:
        pass
