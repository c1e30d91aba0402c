from pyndis.kernel import *


class State:
    items: Annotated[Array[u8], uptime_ms()]


class Tun(Adapter):
    state: State
