"""Certificates: a small CA, made and kept."""
