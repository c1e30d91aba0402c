from pyndis.kernel import *


packets: u32 = 0
