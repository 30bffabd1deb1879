"""Devices: given a certificate, renewed, listed, revoked."""
