from pyndis.kernel import *


class Tun(Adapter):
    def look(self, nbl: Nbl) -> None:
        if nbl.first:
            pass
