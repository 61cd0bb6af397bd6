"""Instructions: the README.txt and settings files that go with an exported set."""

from __future__ import annotations

FILM = """[Version]
AppVersion=5.9
Version=347

[Film Simulation]
Enabled=true
ClutFilename={clut}
Strength=100
"""
FILM_CHECK = (
    FILM
    + """
[Color Management]
InputProfile=(embedded)
WorkingProfile=ProPhoto
WorkingTRC=none
OutputProfile=RTv4_sRGB
OutputProfileIntent=Relative
OutputBPC=false
"""
)
DCP = """[Version]
AppVersion=5.9
Version=347

[Exposure]
Auto=false
Compensation=0
HistogramMatching=false
CurveMode=Standard
Curve=0;
Curve2=0;

[Color Management]
InputProfile=file:{profile}
ToneCurve=true
ApplyLookTable=true
ApplyBaselineExposureOffset=true
ApplyHueSatMap=true
DCPIlluminant=0
"""

RAWTHERAPEE = """{name} for RawTherapee

As a film simulation (for any camera)
1. Copy {hald} into your HaldCLUT folder (Preferences, Image Processing, Film Simulation; restart after setting it).
2. Open a picture, apply the bundled profile "Neutral", and set exposure and white balance.
3. Color tab, Film Simulation: choose {stem}, strength 100. Or load {stem}.pp3 as a partial processing profile.
The table is over sRGB; RawTherapee converts to it by itself. Use no other tone curve: the look has its own.
{dcp}
{losses}"""
RAWTHERAPEE_DCP = """
As a camera profile (for the camera it was made for; keeps the highlights above white)
1. Color tab, Color Management, Input Profile: Custom, choose {dcp}.
2. Switch on Tone curve, Base table, Look table and Baseline exposure; Exposure tab: no curve, no auto-matched curve.
   Or edit the path in {stem}-dcp.pp3 and load that.
Use the camera profile or the film simulation, not both.
"""
DARKTABLE = """{name} for darktable

1. Preferences, processing, "3D lut root folder": the folder that holds {cube} (or {hald}: the same look as a HaldCLUT).
2. Module "lut 3D": choose the file. Application color space: sRGB. Interpolation: tetrahedral.
3. Switch off filmic rgb, sigmoid, AgX and base curve: the look has its own tone curve. Set brightness with "exposure".
4. "lut 3D" must stand right before "output color profile"; output profile sRGB.
The table takes a finished picture: what the exposure module pushes above white is white.

{losses}"""
OCIO = """{name} for OpenColorIO 2

Set the environment variable OCIO to config.ocio in this folder, or choose the file in your program (Nuke, Blender,
Natron, Krita, RV, Resolve by way of its OCIO nodes). The reference is linear Rec. 2020; 0.18 is mid grey.
View "{name}" on the display sRGB shows scene light with the look; "Neutral" shows it without. The same is there as a
Look named "{name}" with linear Rec. 2020 as its process space: it takes and gives linear light.
luts/{clf} alone is the look in the Common LUT Format: linear Rec. 2020 in, sRGB codes out, tetrahedral.

{losses}"""


def told(losses: tuple[str, ...]) -> str:
    """The losses as a list."""
    return "What this cannot carry:\n" + "".join(f"- {one}\n" for one in losses) if losses else ""
