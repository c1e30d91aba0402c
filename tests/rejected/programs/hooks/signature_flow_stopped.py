from pyndis.kernel import *


class Tun(Adapter):
    @on.flow_stopped
    def flush(self, status: Status) -> None:
        pass
