from pyndis.kernel import *


class Tun(Adapter):
    ageing = Timer()

    @ageing.elapsed
    def expire(self) -> None:
        pass

    @ageing.elapsed
    def expire_too(self) -> None:
        pass
