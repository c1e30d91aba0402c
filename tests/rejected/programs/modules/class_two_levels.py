from pyndis.kernel import *


class Base(Irp):
    used: u32


class Read(Base):
    count: u32
