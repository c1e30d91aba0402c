from pyndis.kernel import *


class Tun(Adapter):
    oids = OidTable()
