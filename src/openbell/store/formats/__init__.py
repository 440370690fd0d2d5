"""What vendors' files look like: one module per family of formats, one interface for all."""
