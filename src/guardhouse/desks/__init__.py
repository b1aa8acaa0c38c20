"""The desks: one per way in. Each reads what its flow must know, lets it decide, and carries out the plan."""
