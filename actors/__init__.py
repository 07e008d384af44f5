"""The five broker-side actors, strategies and the Desk; see docs/architecture.md for the rooms."""
