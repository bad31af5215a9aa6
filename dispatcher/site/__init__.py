"""A site's configuration: the model, its files, applying, exporting, checking."""
