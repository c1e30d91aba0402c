from pyndis.kernel import *


class Tun(Adapter):
    attributes = Attributes("IP")
