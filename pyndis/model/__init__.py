"""Drivers run by CPython on plain objects: see the behaviour without a compiler, step through it with a debugger."""

from pyndis.model.adapter import ModelAdapter, Operation
from pyndis.model.client import Handle, Request
from pyndis.model.faults import ModelFault
from pyndis.model.model import Model
from pyndis.model.packets import Chain, Nb, Nbl, Packet

__all__ = ["Chain", "Handle", "Model", "ModelAdapter", "ModelFault", "Nb", "Nbl", "Operation", "Packet", "Request"]
