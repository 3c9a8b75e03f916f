// One socket under a microscope: the test says what the server does, and hears what the client did.
// Loaded by the socket when it needs it: by then, here, it is there.
import "/static/live/polling.js";
import { LiveSocket } from "/static/live/socket.js";
import { Clock } from "/tests/live/world.js";

export function bench({ fallback = false, hello = null } = {}) {
  const clock = new Clock();
  const made = [];
  const states = [];
  const frames = [];
  const hellos = [];
  window.WebSocket = class extends EventTarget {
    readyState = 0;
    sent = [];

    constructor() {
      super();
      this.at = clock.now;
      made.push(this);
    }

    accept(epoch = "one") {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
      this.say({ type: "welcome", heads: {}, epoch });
    }

    say(frame) {
      this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.readyState = 3;
    }

    end(code) {
      this.readyState = 3;
      this.dispatchEvent(new CloseEvent("close", { code }));
    }
  };
  const polls = [];
  const posts = [];
  const socket = new LiveSocket({
    url: "ws://live.test/",
    hello: async (refresh) => {
      hellos.push(refresh);
      return hello ?? { token: "t" };
    },
    resume: () => ({ chat: 3 }),
    fallback: fallback
      ? {
          entries: async (conversation, after) => {
            polls.push([conversation, after]);
            return { entries: [], head: after, more: false };
          },
          send: async (frame) => {
            posts.push(frame);
            return { type: "ack", cid: frame.cid, seq: 4 };
          },
        }
      : undefined,
  });
  socket.addEventListener("state", ({ detail }) => states.push([detail.state, detail.reason]));
  socket.addEventListener("frame", ({ detail }) => frames.push(detail));
  socket.addEventListener("epoch", () => frames.push({ type: "epoch" }));
  return {
    clock, made, states, frames, hellos, polls, posts, socket,
    get last() {
      return made.at(-1);
    },
  };
}
