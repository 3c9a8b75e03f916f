"""What screens say: an entry kind's sentences for visitors and for agents, side by side."""
