"""The command, and the only place that joins the halves (docs/decisions/0004)."""
