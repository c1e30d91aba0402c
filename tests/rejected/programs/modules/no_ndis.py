from pyndis.kernel import *


class One(Driver):
    adapter = Tun
