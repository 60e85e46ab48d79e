"""Readings of libraries: one module for each, imported when a value of that library is met.

A module is called by the table `LIBRARIES` or `MARKS` in `changeover.values.registered` and has one function,
`reading_for(cls) -> Reading | None`, which answers None for a class that is read as any other.
"""
