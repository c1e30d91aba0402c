from pyndis.kernel import *


class Tun(Adapter):
    class Inner:
        pass
