from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue()
