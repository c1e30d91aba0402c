from pyndis.kernel import *


class Tun(Adapter):
    def more(self, count: "u33") -> None:
        pass
