"""What people see: pure functions from what was found to text."""
