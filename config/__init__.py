"""Settings, where their values come from, and the supervisor tree as data. Imports no actor."""
