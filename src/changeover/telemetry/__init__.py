"""What the toolkit says while a program runs: its log, and alerts for people."""
