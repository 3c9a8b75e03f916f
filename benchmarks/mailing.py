"""How fast one worker takes in mail; `benchmarks/mails.py` is what runs inside the product."""

import json

from benchmarks import servers

MAILS = 1500
BUDGET = 50


def measure(embedded: dict[str, str], apart: dict[str, str]) -> list[str]:
    """Return the report: mails a second that are kept, and that become lines of tickets."""
    lines = [f"### {MAILS:,} mails that come in, one worker", ""]
    for name, env in (("SQLite", embedded), ("PostgreSQL", apart)):
        module = ("benchmarks.inside", "benchmarks.mails", str(MAILS))
        made = json.loads(servers.run(*module, env=env))
        lines.append(
            f"- {name}: {made['taken']:,.0f} a second become lines of tickets (≥ {BUDGET}), "
            f"{made['by_cpu']:,.0f} for a second of CPU; {made['kept']:,.0f} are kept"
        )
    return [*lines, ""]
