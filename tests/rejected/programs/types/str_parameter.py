from pyndis.kernel import *


class Tun(Adapter):
    def more(self, name: str) -> None:
        pass
