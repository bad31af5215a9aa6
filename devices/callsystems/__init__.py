"""Call systems and alarm panels that already stand in the building, a package per protocol."""
