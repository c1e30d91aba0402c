from pyndis.kernel import *


class Tun(Adapter):
    def look(self, status: Status) -> bool:
        return status < Status.PENDING
