"""What State is made of besides its domain: database, audit trail, caches, the reconciler."""
