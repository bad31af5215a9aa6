"""The way from every released schema to the present one: expand first, contract a release later."""
