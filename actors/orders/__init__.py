"""What Order is made of besides its domain: journal, records, the flow of an order, the exit."""
