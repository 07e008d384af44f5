"""Examples to copy. Each is an ordinary strategy; the service knows nothing about them."""
