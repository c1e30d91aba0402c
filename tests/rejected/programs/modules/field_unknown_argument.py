from pyndis.kernel import *


class Tun(Adapter):
    pool = NblPool(mtu=1500, colour=3)
