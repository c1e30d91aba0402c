from pyndis.kernel import *


class Tun(Adapter):
    def look(self, nbl: Nbl) -> None:
        value = nbl.first
        value = nbl
