"""Ports, and the tape on which the calls of the answering path are written."""
