from pyndis.kernel import *
from pyndis.kernel.marks import callback


class Tun(Adapter):
    @callback("NO_SUCH_FUNCTION", context="Context")
    def called(self) -> None:
        pass

    @on.halt
    def halt(self) -> None:
        function = self.called
