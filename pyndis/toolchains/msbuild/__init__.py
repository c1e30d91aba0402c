"""Microsoft's own toolchain, on Windows: Visual Studio or its Build Tools, the Windows Driver Kit, msbuild.

What touches the machine is behind `World` (world.py); everything else computes: which MSBuild.exe and which kit are there
(visual_studio.py, wdk.py), what a kit of this version still builds (offers.py, fit.py), the command (call.py), and what its
output means (output.py, sarif.py, sdv.py), at which place of the driver's Python (places.py).
"""
