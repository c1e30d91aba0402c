from pyndis.kernel import *


class Tun(Adapter):
    pool = NblPool(3, 4)
