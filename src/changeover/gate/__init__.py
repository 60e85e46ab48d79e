"""Decides whether a phase may move to a stage: pure functions over evidence, and the edge that collects."""
