"""The page that people look at before they decide: one HTML file that needs nothing else."""
