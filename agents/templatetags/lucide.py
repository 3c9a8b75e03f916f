"""Icons of Lucide, each drawn once: the package's own tag writes its XML anew each time."""

from functools import lru_cache

from django import template
from lucide.templatetags.lucide import lucide as draw

register = template.Library()
# So many at most, whatever names, sizes and labels templates ask for. Typed, since text that is
# safe already equals the same text that is not, and only the latter is escaped.
register.simple_tag(lru_cache(maxsize=512, typed=True)(draw), name="lucide")
