from pyndis.kernel import *


class Tun(Adapter):
    def look(self) -> None:
        return 3
