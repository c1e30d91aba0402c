from pyndis.kernel import *


class Tun(Adapter):
    limit = 5
