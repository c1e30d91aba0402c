"""Installer merge modules: what a module holds (`model`), its tables (`rows`, `schema`), its cabinet and its summary.

The WiX source of the project tree and the `.msm` that is made without WiX come from one model, so that both hold the same.
"""

from pyndis.package.merge_module.model import Component, Folder, InstalledFile, MergeModule, merge_module, merge_modules
from pyndis.package.merge_module.publisher import PLACEHOLDER, Publisher

__all__ = [
    "PLACEHOLDER",
    "Component",
    "Folder",
    "InstalledFile",
    "MergeModule",
    "Publisher",
    "merge_module",
    "merge_modules",
]
