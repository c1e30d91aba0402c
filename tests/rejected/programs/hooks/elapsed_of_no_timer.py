from pyndis.kernel import *


class Tun(Adapter):
    pool = NblPool(mtu=1500)

    @pool.elapsed
    def expire(self) -> None:
        pass
