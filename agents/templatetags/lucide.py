"""Icons of Lucide, each drawn once: the package's own tag writes its XML anew each time."""

from functools import lru_cache

from django import template
from lucide.templatetags.lucide import lucide as draw

register = template.Library()
# So many at most, whatever names, sizes and labels templates ask for.
register.simple_tag(lru_cache(maxsize=512)(draw), name="lucide")
