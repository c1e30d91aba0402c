from pyndis.kernel import *


class Other:
    pass


class One(Driver):
    adapter = Other
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))
