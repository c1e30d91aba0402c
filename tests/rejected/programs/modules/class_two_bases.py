from pyndis.kernel import *


class Both(Irp, Nbl):
    used: u32
