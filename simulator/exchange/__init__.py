"""Orders and what becomes of them: matching, fills, margin, the accounts behind them."""
