"""The product's addresses, and one by which a site of tests forgets what it knew of a test."""

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import path

from automation.rules import book
from automation.rules.tallies import tallies
from config import urls

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler429, handler500 = urls.handler429, urls.handler500


def forget(request: HttpRequest) -> HttpResponse:
    """Know no rules, limits and last announcements: they went with the rows of a test."""
    if not settings.REDIS_URL:
        cache.clear()
    forget_rules()
    return HttpResponse()


def forget_rules() -> None:
    """Know no rules of this process, and how often they looked."""
    book._current = book.Book(version="", rules=())
    book._is_outdated = False
    tallies._counts.clear()


urlpatterns = [path("forget/", forget), *urls.urlpatterns]
