"""Pure decisions: no clock, no socket, no process; time and chance are passed in."""
