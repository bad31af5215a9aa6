"""All device I/O. A transport lives only here; what the bytes mean lives in `devices`."""
