"""The widget: its page, its settings, who it speaks for."""
