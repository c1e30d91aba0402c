from pyndis.kernel import *


class Tun(Adapter):
    def more(self, count: "u32[") -> None:
        pass
