// @ts-check
/** Beats in a Worker: timers of hidden tabs are slowed down, timers of workers are not. */

/** Where this module lives, under whatever name it was collected. */
export const address = import.meta.url;

if (typeof document === "undefined") setInterval(() => postMessage("beat"), 5000);
