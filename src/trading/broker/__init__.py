"""The broker: the port, and a paper broker that keeps the rules of a real one."""
