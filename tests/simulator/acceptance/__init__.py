"""Acceptance: stock clients make every call they have, and each must end as a real gateway ends it."""
