// Beats in a Worker: timers of hidden tabs are slowed down, timers of workers are not.
setInterval(() => postMessage("beat"), 5000);
