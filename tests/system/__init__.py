"""The whole service: real processes, the simulated gateway on TCP, its ledger as the truth."""
