"""stand-in"""


def PreferencesMiddleware(get_response):
    return get_response
