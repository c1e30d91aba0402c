from pyndis.kernel import *


class Tun(Adapter):
    def look(self, nbl: Nbl) -> bool:
        return nbl == self.tokens.read()
