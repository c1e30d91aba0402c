from pyndis.kernel import Adapter, ControlDevice, Attributes, Driver, NdisVersion, Status, Frobnicator
