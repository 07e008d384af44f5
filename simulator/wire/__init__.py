"""The TWS text protocol, sans-IO: framing, fields, requests by position, messages per server version."""
