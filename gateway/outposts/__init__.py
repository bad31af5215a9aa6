"""The dispatcher's side of gateways on other machines."""
