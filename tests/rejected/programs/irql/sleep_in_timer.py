from pyndis.kernel import *


from pyndis.kernel import raw


class Tun(Adapter):
    ageing = Timer()

    @ageing.elapsed
    def expire(self) -> None:
        with unsafe("test"):
            raw.NdisMSleep(1000)
