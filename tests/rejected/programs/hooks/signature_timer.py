from pyndis.kernel import *


class Tun(Adapter):
    ageing = Timer()

    @ageing.elapsed
    def expire(self, now: u32) -> None:
        pass
