"""Files of kinds that nobody looks into: kept as they came, handed out as bytes and never drawn."""

import os
import re

from config.files.cleaning import NAME_LENGTH, CleanFile, FileRefused, harmless_name

UNCHECKED = "application/octet-stream"
# What a double click runs: programs, scripts, what installs or leads to them, and disks, from
# which Windows starts programs without asking.
_RUN = re.compile(
    r"\.(?:"
    r"apk|appinstaller|application|appref-ms|appx|appxbundle|bat|chm|cmd|com|command|cpl|"
    r"desktop|diagcab|dll|dmg|exe|gadget|hlp|hta|img|inf|ins|iso|isp|jar|jnlp|js|jse|"
    r"library-ms|lnk|mde|msc|msh|msi|msix|msixbundle|msp|mst|pif|pkg|ps1|ps1xml|ps2|psc1|psd1|"
    r"psm1|reg|scf|scr|sct|search-ms|settingcontent-ms|sh|shb|sys|url|vb|vbe|vbs|vhd|vhdx|vxd|"
    r"website|ws|wsc|wsf|wsh|xbap|xll"
    r")",
    re.IGNORECASE,
)
# Windows' programs, Linux's and Apple's, and a link that starts something.
_SIGNS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"L\0\0\0\x01\x14\x02\0")


def keep_unchecked(content: bytes, raw_name: str) -> CleanFile:
    """Return a file of no known kind as bytes to be downloaded; refuses what would run."""
    if not content:
        raise FileRefused("empty")
    stem, ending = os.path.splitext(harmless_name(raw_name))
    if len(ending) > NAME_LENGTH // 2:
        stem, ending = f"{stem}{ending}", ""
    name = (stem[: NAME_LENGTH - len(ending)].strip(". ") or "file") + ending
    # By what it is called in the end: a name may be cut where an ending of that kind stands.
    if _RUN.fullmatch(os.path.splitext(name)[1]) or content.startswith(_SIGNS):
        raise FileRefused("program")
    return CleanFile(content, UNCHECKED, name)
