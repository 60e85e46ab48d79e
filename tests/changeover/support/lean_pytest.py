"""pytest in a process of its own, without the plugins of others that are installed beside the toolkit.

What they import takes longer than all else that such a process does. xdist stays, which the toolkit meets.
"""

WITHOUT_OTHER_PLUGINS = {
    "PYTEST_ADDOPTS": " ".join(f"-p no:{name}" for name in ("hypothesispytest", "benchmark", "anyio"))
}
