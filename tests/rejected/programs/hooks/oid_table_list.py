from pyndis.kernel import *


class Tun(Adapter):
    oids = OidTable([1, 2])
