"""What goes wrong on purpose: a small language, its rules, and the instants at which they act."""
