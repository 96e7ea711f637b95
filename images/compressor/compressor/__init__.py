"""State compressor: fewer rows in Synapse's `state_groups_state`, the same state for every state group."""
