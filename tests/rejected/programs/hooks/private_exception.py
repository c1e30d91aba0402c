from pyndis.kernel import *


class Tun(Adapter):
    @device.create
    def opened(self, file: File) -> None:
        with self.receiving() as stack:
            pass
