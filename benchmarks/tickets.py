"""The ticket desk of a million tickets on PostgreSQL: its list, folders, filters and search.

Rows come by COPY (`benchmarks/ticket_desk.py`). Each is asked with the rights *own* and *all*, and
by somebody with *own* who has no ticket yet.
"""

import json
import statistics
import time

import httpx

from benchmarks import servers

BUDGET_MS = 300
# In one ticket of 50,000.
RARE = "zümrüdüanka"
ASKED = {
    "mine": "",
    "team": "?folder=team",
    "unassigned": "?folder=unassigned",
    "waiting": "?folder=waiting",
    "all": "?folder=all",
    "filters combined": "?folder=all&status=resolved&type=complaint&priority=urgent&source=phone",
    "a tag that nobody has": "?folder=all&tag=olmayan",
    "days": "?folder=all&from=2026-03-01&to=2026-03-07",
    "a word of a third": "?folder=all&q=kargo",
    "two words": "?folder=all&q=İADE+fatura",
    "a rare word": f"?folder=all&q={RARE}",
    "a word of none": "?folder=all&q=yokboylesi",
    "two letters": "?folder=all&q=zz",
    "a customer": "?folder=all&q=Işıl+Öztürk",
    "an address": "?folder=all&q=musteri4711@",
    "a number": "?folder=all&q=%23123456",
    "a phone": "?folder=all&q=0532+000+47+11",
    "words, mine": "?q=kargo+iade",
}


def measure(env: dict[str, str], rounds: int, tickets: int) -> list[str]:
    """Return the report: how long each list takes for each of the rights."""
    cookies = json.loads(
        servers.run("benchmarks.inside", "benchmarks.ticket_desk", str(tickets), env=env)
    )
    lines = [
        f"### The ticket desk, {tickets:,} tickets, PostgreSQL",
        "",
        f"Lowest / p50 / p95 in ms; p95 ≤ {BUDGET_MS}:",
        "",
        f"| | {' | '.join(cookies)} |",
        f"|---|{'---|' * len(cookies)}",
    ]
    took: dict[str, list[str]] = {name: [] for name in ASKED}
    with servers.product(env) as web:
        for cookie in cookies.values():
            with httpx.Client(
                base_url=web.url, headers={"Cookie": cookie}, timeout=120, trust_env=False
            ) as client:
                for name, query in ASKED.items():
                    _asked(client, query)
                    spent = sorted(_asked(client, query) for _ in range(rounds))
                    median = statistics.median(spent)
                    high = spent[int(rounds * 0.95)]
                    took[name].append(f"{spent[0]:,.0f} / {median:,.0f} / {high:,.0f}")
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in took.items()]
    return [*lines, ""]


def _asked(client: httpx.Client, query: str) -> float:
    began = time.perf_counter()
    answer = client.get(f"/console/tickets/{query}")
    if answer.status_code != 200:
        raise RuntimeError(f"{query}: {answer.status_code}")
    return (time.perf_counter() - began) * 1000
