"""What Account is made of besides its domain: the order of downloads, the telling of figures."""
