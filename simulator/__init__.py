"""A simulated IB Gateway on TCP: the TWS text protocol, a seeded market, an exchange, an account and a ledger.

It stands alone: no module here imports the service's actors or `ibapi`, so that one misreading of the
protocol cannot cancel itself out. `wire` is the protocol without sockets; `services` answer requests;
`market`, `exchange` and `account` are the world behind them; `server` puts it on TCP, `control` steers it.
"""
