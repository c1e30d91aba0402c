from pyndis.kernel import *


class Test(Driver):
    adapter = Tun
    ndis = NdisVersion(oldest=6, newest=(6, 30))
