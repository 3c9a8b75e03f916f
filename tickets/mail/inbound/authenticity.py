"""Whether a mail comes from whom it says: what our own mail server found out, and nobody else.

Anybody can write `Authentication-Results` into a mail. Servers put theirs above what a mail brings
along, so what stands further down may speak against a sender, and never for one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tickets.mail.inbound.parts import Mail
from tickets.models import Mailbox, RawMail

_HEADERS_MAX, _CHARS_MAX = 20, 5000
# Of large services, whose servers that receive mail are called otherwise than the one we read.
_KNOWN = {
    "imap.gmail.com": "mx.google.com",
    "imap.googlemail.com": "mx.google.com",
    "imap.yandex.com": "yandex.net",
    "imap.yandex.com.tr": "yandex.net",
    "imap.mail.yahoo.com": "yahoo.com",
    "imap.fastmail.com": "messagingengine.com",
    "imap.zoho.com": "zohomail.com",
    "imap.zoho.eu": "zohomail.eu",
    # It says everything but its name.
    "outlook.office365.com": "",
}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)")
_PROPERTY = re.compile(r"(?<!\S)([a-z.-]+)=([^\s=]+)")
_Mark = RawMail.SenderMark


@dataclass(frozen=True)
class _Finding:
    """One method's outcome, such as dkim=pass with header.d=example.com."""

    method: str
    result: str
    about: dict[str, str]


@dataclass(frozen=True)
class _Report:
    """What one server says."""

    server: str
    findings: list[_Finding] = field(default_factory=list)
    # Nobody knows any more where one finding ends.
    is_garbled: bool = False

    def says(self, method: str, *results: str) -> bool:
        return any(each.method == method and each.result in results for each in self.findings)


def mark_of_sender(mail: Mail, mailbox: Mailbox) -> str:
    """Return whether the sender is who they say: passed, failed, or unknown where nobody looked."""
    if len(mail.headers.get("from", [])) > 1:
        # Servers look at one of them, readers at the other.
        return _Mark.FAILED
    values = mail.headers.get("authentication-results", [])[:_HEADERS_MAX]
    reports = [_read(value) for value in values]
    domain = mail.sender.rpartition("@")[2]
    if reports and _is_of(reports[0], mailbox) and _vouches(reports[0], domain):
        return _Mark.PASSED
    return _Mark.FAILED if _refutes(reports, mailbox) else _Mark.UNKNOWN


def _read(value: str) -> _Report:
    text = " ".join(value[:_CHARS_MAX].lower().split())
    text = _QUOTED.sub("", text)
    for _ in range(5):
        text = _COMMENT.sub(" ", text)
    head, *parts = text.split(";")
    server = head.split()[0] if head.split() else ""
    if "=" in server:
        server, parts = "", [head, *parts]
    findings = []
    for part in parts:
        if found := _RESULT.match(part):
            about = dict(_PROPERTY.findall(part[found.end() :]))
            findings.append(_Finding(found[1], found[2], about))
    return _Report(server, findings, is_garbled="(" in text or ")" in text or '"' in text)


def _is_of(report: _Report, mailbox: Mailbox) -> bool:
    """Return whether it is of the server that receives the mailbox's mail."""
    if mailbox.auth_server:
        return report.server == mailbox.auth_server.lower()
    host = mailbox.imap_host.lower()
    if host in _KNOWN and not _KNOWN[host]:
        return not report.server
    names = [mailbox.address.rpartition("@")[2].lower(), _KNOWN.get(host, "")]
    is_below = any(name and _is_within(report.server, name) for name in names)
    return bool(report.server) and (report.server == host or is_below)


def _is_within(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _vouches(report: _Report, domain: str) -> bool:
    """Return whether a server has found that the mail comes from `domain`."""
    if report.is_garbled or not domain:
        return False
    if any(
        each.method == "dmarc" and each.result not in {"none", "pass"} for each in report.findings
    ):
        return False
    return any(
        each.result == "pass" and _is_about(each, domain)
        for each in report.findings
        if each.method in {"dmarc", "dkim", "spf"}
    )


def _is_about(finding: _Finding, domain: str) -> bool:
    match finding.method:
        case "dmarc":
            return finding.about.get("header.from", domain) == domain
        case "dkim":
            signed = finding.about.get("header.d") or finding.about.get("header.i", "")
        case _:
            signed = finding.about.get("smtp.mailfrom", "")
    signer = signed.rpartition("@")[2]
    # A subdomain is its owner's; whoever owns only an ending signs nothing.
    is_name = "." in signer
    return is_name and (_is_within(signer, domain) or _is_within(domain, signer))


def _refutes(reports: Sequence[_Report], mailbox: Mailbox) -> bool:
    """Return whether a server of ours has found that the sender is not who they say."""
    is_signed = False
    for report in reports:
        if not _is_of(report, mailbox):
            continue
        # Another part of the server has said this above; what is forged stands below.
        is_signed = is_signed or report.says("dkim", "pass")
        if report.says("dmarc", "fail"):
            return True
        is_settled = report.says("dmarc", "pass")
        if report.says("spf", "fail", "softfail") and not (is_signed or is_settled):
            return True
    return False
