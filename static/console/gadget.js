// @ts-check
/** The compact window asks anew when a tab of the console, which is connected, hears of something;
 * where there is none it asks by the clock. */

const SOON = 300;
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let timer = 0;

new BroadcastChannel(`imece:gadget:${main.dataset.agent}`).addEventListener("message", () => {
  timer ||= setTimeout(() => {
    timer = 0;
    /** @type {any} */ (window).htmx.trigger(main, "changed");
  }, SOON);
});
document.documentElement.dataset.ready = "yes";
