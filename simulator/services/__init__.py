"""What a gateway does for its clients: one module per family of requests, each with its handlers by message id."""
