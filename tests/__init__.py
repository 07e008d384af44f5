"""The suite: sentences as names, real sockets and processes, synchronised on events."""
