"""What a brand brings to pages of others: its colours, and the sites it speaks on."""
