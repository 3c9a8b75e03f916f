"""The product's addresses, and two of a site of tests: forget a test, and look by the clock now."""

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from automation.rules import book
from automation.rules.tallies import tallies
from chat.tasks import sweep_once
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
    tallies._looked.clear()
    tallies._matched.clear()


def sweep(request: HttpRequest) -> HttpResponse:
    """Do at once what is due by the clock."""
    sweep_once(now=timezone.now())
    return HttpResponse()


urlpatterns = [path("forget/", forget), path("sweep/", sweep), *urls.urlpatterns]
