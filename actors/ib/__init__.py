"""The only importer of ibapi: transport, framing, fast ticks, translation to our messages and back."""
