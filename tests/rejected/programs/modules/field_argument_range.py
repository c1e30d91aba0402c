from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(0x1_0000_0000)
