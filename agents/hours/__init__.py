"""When a desk is open: one calendar for widget, routing, rules, reports and pages alike."""
