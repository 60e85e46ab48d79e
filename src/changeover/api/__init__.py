"""The verbs of the toolkit as functions: typed, and silent. The commands of `changeover` are their parsers.

Every verb takes `project`: a folder in the project, or a `Project`. It finds files and reads environment
variables as its command does. What the command prints is in the result, or is handed to a callable while the
verb is at work: `warn` hears what must not be overlooked, `progress` and `listener` how far it is.
"""
