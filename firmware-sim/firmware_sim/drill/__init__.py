"""Drills: scenarios in sentences, played over real transports, measured and judged."""
