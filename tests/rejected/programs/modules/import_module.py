import pyndis.kernel
from pyndis.kernel import *
