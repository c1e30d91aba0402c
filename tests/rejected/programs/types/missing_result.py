from pyndis.kernel import *


class Tun(Adapter):
    def look(self) -> u32:
        if self.tokens.read() > 3:
            return 3
