from pyndis.kernel import *


class Tun(Adapter):
    def look(self, one: Nbl, two: Nbl) -> bool:
        return one < two
