"""Ways to reach a person: each says what it can do, sends, and reports receipts and answers."""
