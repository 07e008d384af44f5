"""Supervised processes that each host one pykka actor. Knows nothing of trading."""
