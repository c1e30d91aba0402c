from pyndis.kernel import *


class Tun(Adapter):
    def more(self) -> bool | None:
        return None
