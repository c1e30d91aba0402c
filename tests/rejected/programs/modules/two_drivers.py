from pyndis.kernel import *


class One(Driver):
    adapter = Adapter
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))


class Two(Driver):
    adapter = Adapter
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))
