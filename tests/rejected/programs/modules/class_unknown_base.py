from pyndis.kernel import *


class Read(Request):
    used: u32
