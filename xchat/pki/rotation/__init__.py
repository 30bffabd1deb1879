"""Rotation: another issuer, another root, and nobody is cut off."""
