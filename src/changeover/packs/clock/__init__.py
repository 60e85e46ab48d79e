"""Time: what the program's own code reads from the clocks of the machine is on the tape."""
