"""The land as it is seen from afar: its fields at fewer nodes, where a pixel is wide.

A pixel of a scene's coarse level stands for hundreds or thousands of pixels. To work out all of a
scene takes half a minute; a single one among them, with the nodes around it, takes as long as
thirty that lie side by side. So the fields are known at nodes that are as far apart as the pixels
need, some of those of level 0, and hardly more of them than there are pixels.
"""

from __future__ import annotations

# Regions are known at nodes a pixel apart; the ground and the clouds at half of that.
_METRES = 160


def step(metres: float) -> int:
    """How many nodes of the ground are one, for pixels of a size.

    Args:
        metres: side of a pixel, or what it stands for.

    Returns:
        1 below 160 m; else even, so that it is a whole number of nodes of clouds, too.
    """
    wide = int(metres) // _METRES
    return 2 * wide if wide else 1
