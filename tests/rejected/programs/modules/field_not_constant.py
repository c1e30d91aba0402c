from pyndis.kernel import *


class Tun(Adapter):
    pool = NblPool(mtu=uptime_ms())
