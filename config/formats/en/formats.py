"""Dates and times of English pages as the console and the mails write them, not "6 a.m."."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y H:i"
TIME_FORMAT = "H:i"
