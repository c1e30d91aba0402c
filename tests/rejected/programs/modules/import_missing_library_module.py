from pyndis.kernel.wavelets import transform
from pyndis.kernel import *
