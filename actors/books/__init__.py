"""Both databases of one service, read from outside: verified, exported, backed up. Nothing here writes into them."""
