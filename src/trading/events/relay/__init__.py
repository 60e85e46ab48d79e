"""Between a shared journal and a transport: outbox, inbox, and the bus of one of several processes."""
