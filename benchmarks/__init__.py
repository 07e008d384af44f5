"""`make bench`: our speed beside a peer or a physical limit, measured in the same run."""
