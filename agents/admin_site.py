"""stand-in"""

from django.contrib import admin


class ImeceAdminSite(admin.AdminSite): ...
