from pyndis.kernel import *


class Tun(Adapter):
    def more(self, count) -> None:
        pass
