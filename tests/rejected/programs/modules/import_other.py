from struct import unpack
from pyndis.kernel import *
