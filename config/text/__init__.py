"""Text: what others wrote, made safe, and Turkish compared and sorted as people expect."""
