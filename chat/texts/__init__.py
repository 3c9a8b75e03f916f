"""What screens say: agents' in `console.py`, visitors' in `widget.py`, each with words for lines.

What both say of a thread around its lines stands in `thread.py`.
"""
