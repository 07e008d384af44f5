"""What MarketData is made of besides its domain: lines, look-ups, downloads."""
