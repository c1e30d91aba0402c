"""Verification of a driver by the rules that Microsoft's Static Driver Verifier and Driver Verifier have names for."""
