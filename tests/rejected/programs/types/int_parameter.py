from pyndis.kernel import *


class Tun(Adapter):
    def more(self, count: int) -> int:
        return count + 1
