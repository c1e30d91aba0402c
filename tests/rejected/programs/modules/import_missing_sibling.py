from pyndis.kernel import *
from .forced import close
