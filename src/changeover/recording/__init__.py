"""Ports, and the tape on which the answering path's calls are written."""
