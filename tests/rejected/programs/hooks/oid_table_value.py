from pyndis.kernel import *


class Tun(Adapter):
    oids = OidTable({Oid.GEN_VENDOR_ID: uptime_ms()})
