// The stock lists name some of their controls for the eye only; say the same to screen readers.
const text = (node) => (node?.textContent ?? "").replace(/\s+/g, " ").trim();

for (const table of document.querySelectorAll("#result_list, .inline-group table")) {
  const heads = [...table.querySelectorAll("thead th")].map(text);
  for (const row of table.querySelectorAll("tbody tr")) {
    const name = text(row.querySelector("th"));
    for (const control of row.querySelectorAll("input:not([type=hidden]), select, textarea")) {
      if (control.labels?.length || control.hasAttribute("aria-label")) continue;
      const head = heads[control.closest("td, th")?.cellIndex ?? -1] ?? "";
      const label = [head, name].filter(Boolean).join(": ");
      if (label) control.setAttribute("aria-label", label);
    }
  }
}
