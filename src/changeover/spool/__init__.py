"""What a process leaves behind at once, run by run, for a reader in this process or another one."""
