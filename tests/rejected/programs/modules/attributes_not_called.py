from pyndis.kernel import *


class Tun(Adapter):
    attributes = 3
