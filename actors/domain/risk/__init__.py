"""What may be sent: rules over facts and limits, without clock, socket or process.

`facts` is what a decision is based on, `limits` what orders must keep, `decision` asks every rule; the rules stand in
`contract_rules`, `price_rules`, `money_rules` and `flow_rules`.
"""
