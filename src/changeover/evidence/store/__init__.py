"""The file of stored runs and comparisons on which decisions rest."""
