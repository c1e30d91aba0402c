from pyndis.kernel import *


class Tun(Adapter):
    def more(self, count: 3 + 4) -> None:
        pass
