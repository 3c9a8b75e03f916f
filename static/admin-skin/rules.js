// Rules of the list are drawn to another place by their handle; the arrows do the same without it.
const form = document.querySelector("#changelist-form");
const rows = [...form.querySelectorAll("tr[data-rule]")];
let drawn = null;

function clear() {
  for (const row of rows) row.classList.remove("is-before", "is-behind");
}

function place(row, event) {
  const box = row.getBoundingClientRect();
  return event.clientY < box.top + box.height / 2 ? "before" : "behind";
}

for (const row of rows) {
  const handle = row.querySelector(".rules-handle");
  handle.hidden = false;
  // Only by the handle: text of the row can still be selected.
  handle.addEventListener("pointerdown", () => (row.draggable = true));
  handle.addEventListener("pointerup", () => (row.draggable = false));
  row.addEventListener("dragstart", (event) => {
    drawn = row;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.dataset.rule);
    row.classList.add("is-drawn");
  });
  row.addEventListener("dragend", () => {
    drawn = null;
    row.draggable = false;
    row.classList.remove("is-drawn");
    clear();
  });
  row.addEventListener("dragover", (event) => {
    if (!drawn || drawn === row) return;
    event.preventDefault();
    clear();
    row.classList.add(`is-${place(row, event)}`);
  });
  row.addEventListener("drop", (event) => {
    if (!drawn || drawn === row) return;
    event.preventDefault();
    const told = document.createElement("input");
    told.type = "hidden";
    told.name = "row";
    told.value = `${place(row, event)}:${drawn.dataset.rule}:${row.dataset.rule}`;
    form.append(told);
    form.submit();
  });
}
