from pyndis.kernel import *


class Tun(Adapter):
    ageing = Timer()
