from pyndis.kernel import *


class Tun(Adapter):
    @on.cancel_send
    def cancel(self, cancel_id: u8) -> None:
        pass
