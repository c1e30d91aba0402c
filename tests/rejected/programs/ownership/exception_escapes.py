from pyndis.kernel import *


class Tun(Adapter):
    @device.create
    def opened(self, file: File) -> None:
        raise FlowStopped()
