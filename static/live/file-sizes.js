// @ts-check
/** Fields that choose files: what is too large to be sent at once is said before anything is sent, for
 * whatever else was typed would go with it. */

for (const field of document.querySelectorAll("input[type=file][data-most]")) {
  const input = /** @type {HTMLInputElement} */ (field);
  const words = document.createElement("p");
  words.className = "error";
  words.id = `${input.id}_size`;
  words.setAttribute("role", "alert");
  input.after(words);
  input.addEventListener("change", () => {
    const size = [...(input.files ?? [])].reduce((sum, file) => sum + file.size, 0);
    const isTooLarge = size > Number(input.dataset.most);
    words.textContent = isTooLarge ? input.dataset.tooLarge ?? "" : "";
    if (isTooLarge) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (isTooLarge) input.value = "";
  });
}
