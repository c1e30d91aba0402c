"""Which Windows gets which package: conditions of Windows Installer, over a build number out of the registry.

Its own properties do not tell Windows 10 from 8.1: on both VersionNT is 603 (support.microsoft.com/help/3202260) and
WindowsBuild 9600.
"""

from __future__ import annotations

from pyndis.package.rules import SystemVersion

BUILD = "CURRENTBUILD"
"""The property with the build number. Upper case is public: it gets from an installer's dialogs to the part that installs."""
SEARCH = "CurrentBuild"
WINDOWS_KEY = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
WINDOWS_VALUE = "CurrentBuild"

_FIRST_BUILD = 10240  # of Windows 10
_AMBIGUOUS = 603


def on_windows_10(platform: str) -> str:
    """Windows 10 and later. It also holds for VersionNT 603 where the build number got lost: a user who is no administrator
    passes only what SecureCustomProperties lists. A comparison with what is no number is false."""
    return _on(platform, f"VersionNT >= {_AMBIGUOUS} AND NOT ({BUILD} < {_FIRST_BUILD})")


def before_windows_10(platform: str, oldest: SystemVersion) -> str:
    """From the oldest version on; never where `on_windows_10` holds."""
    first = 100 * oldest[0] + oldest[1]
    return _on(platform, f"VersionNT >= {first} AND (VersionNT < {_AMBIGUOUS} OR {BUILD} < {_FIRST_BUILD})")


def _on(platform: str, condition: str) -> str:
    """For WiX' name of the architecture: a driver for x86 is of no use where a 32-bit installer runs on a 64-bit Windows."""
    return condition if platform == "x64" else f"{condition} AND NOT VersionNT64"
