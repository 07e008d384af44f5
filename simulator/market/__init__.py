"""The market that is traded: contracts, hours, prices; what it was and what it is at any instant."""
