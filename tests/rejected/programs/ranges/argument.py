from pyndis.kernel import *


class Tun(Adapter):
    def more(self, count: Annotated[u32, Within(0, 9)]) -> None:
        pass

    @on.cancel_send
    def cancel(self, cancel_id: usize) -> None:
        self.more(cancel_id & 0xFF)
