"""Write Windows NDIS miniport drivers in Python."""

__version__ = "0.1.0"
