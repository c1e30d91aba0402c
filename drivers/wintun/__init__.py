"""Wintun: a layer 3 TUN device for Windows."""
