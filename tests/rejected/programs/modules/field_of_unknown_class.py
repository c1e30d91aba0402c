from pyndis.kernel import *


class Tun(Adapter):
    pool = BufferPool(mtu=3)
