// Fields that are there to be taken along: a click selects the whole text, the button copies it.
for (const box of document.querySelectorAll(".copyable")) {
  const field = box.querySelector(".snippet");
  const button = box.querySelector("button");
  const name = button.textContent;
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Pages without HTTPS have no clipboard.
      field.select();
      document.execCommand("copy");
    }
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = name), 2000);
  });
}
