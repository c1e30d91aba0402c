from pyndis.kernel import *


class Driver2:
    pass


class Other(Driver):
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))


class Tun(Adapter):
    pass
