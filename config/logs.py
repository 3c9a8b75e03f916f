"""stand-in"""


def configure(_: object) -> None: ...
