// @ts-check
/**
 * What one screen knows of one conversation, as a pure function of what it heard.
 *
 * @typedef {{kind: "visitor"|"agent"|"bot"|"system", id?: string, name?: string, avatar?: string}} Author
 * @typedef {{id: string, name: string, size: number, type: string, width?: number, height?: number}} File
 * @typedef {object} Entry
 * @property {string} id
 * @property {number} seq
 * @property {string} kind
 * @property {Author} author
 * @property {string} text
 * @property {File[]} [attachments]
 * @property {Record<string, any>} [data]
 * @property {string} [cid]
 * @property {string} at
 *
 * @typedef {object} Pending  something this person sent and the server has not shown yet
 * @property {string} cid
 * @property {"message"|"note"} kind
 * @property {string} text
 * @property {File[]} attachments
 * @property {true} [whisper]  a note to the agent who has the chat
 * @property {string} at
 * @property {"waiting"|"sending"|"acked"|"failed"} state
 * @property {string} [code]  why it failed
 * @property {number} [seq]   its number, once acked
 *
 * @typedef {object} Thread
 * @property {string} conversation
 * @property {Author} me
 * @property {Entry[]} entries  dense: entries[i].seq is i + 1
 * @property {Pending[]} pending  in the order typed
 * @property {number} last  the newest seq applied
 * @property {number} head  the newest seq heard of
 * @property {boolean} gap  a later entry came before an earlier one: ask for what is missing
 * @property {number} generation  grows when the entries were thrown away
 * @property {Record<string, {author: Author, text: string, mode?: string}>} typing
 * @property {{delivered: number, read: number}} marks  how far the other side got
 *
 * @typedef {{type: string} & Record<string, any>} Action
 */

/**
 * A conversation of which nothing is known yet.
 * @param {string} conversation
 * @param {Author} [me]
 * @returns {Thread}
 */
export function emptyThread(conversation, me = { kind: "visitor" }) {
  return {
    conversation,
    me,
    entries: [],
    pending: [],
    last: 0,
    head: 0,
    gap: false,
    generation: 0,
    typing: {},
    marks: { delivered: 0, read: 0 },
  };
}

/** @param {Author} author @param {Author} me */
export function isMine(author, me) {
  if (author.kind !== me.kind) return false;
  return me.kind === "visitor" || me.id === undefined || author.id === me.id;
}

/** The send that may leave now: one un-acked per conversation. @param {Thread} thread */
export function nextToSend(thread) {
  for (const item of thread.pending) {
    if (item.state === "sending") return null;
    if (item.state === "waiting") return item;
  }
  return null;
}

/**
 * Actions: entries {entries, head} · sending {item} · attempt {cid} · ack {cid, seq} ·
 * nack {cid, code, retry} · lost · retry {cid} · discard {cid} · typing {author, on, text} ·
 * marks {delivered?, read?} · head {head} · resync.
 * @param {Thread} thread
 * @param {Action} action
 * @returns {Thread}
 */
export function reduce(thread, action) {
  switch (action.type) {
    case "entries":
      return applyEntries(thread, action.entries, action.head ?? 0);
    case "sending":
      if (thread.pending.some((item) => item.cid === action.item.cid)) return thread;
      return {
        ...thread,
        pending: [
          ...thread.pending,
          { kind: "message", attachments: [], state: "waiting", ...action.item },
        ],
      };
    case "attempt":
      return change(thread, action.cid, { state: "sending", code: undefined });
    case "ack":
      return applyAck(thread, action.cid, action.seq);
    case "nack":
      return change(thread, action.cid, {
        state: action.retry ? "waiting" : "failed",
        code: action.code,
      });
    case "lost":
      return {
        ...thread,
        typing: {},
        pending: thread.pending.map((item) =>
          item.state === "sending" ? { ...item, state: "waiting" } : item,
        ),
      };
    case "retry":
      return change(thread, action.cid, { state: "waiting", code: undefined });
    case "discard":
      return { ...thread, pending: thread.pending.filter((item) => item.cid !== action.cid) };
    case "typing":
      return applyTyping(thread, action);
    case "marks": {
      const delivered = Math.max(
        thread.marks.delivered, action.delivered ?? 0, action.read ?? 0,
      );
      const read = Math.max(thread.marks.read, action.read ?? 0);
      if (delivered === thread.marks.delivered && read === thread.marks.read) return thread;
      return { ...thread, marks: { delivered, read } };
    }
    case "head": {
      const head = Math.max(thread.head, action.head);
      return head === thread.head ? thread : { ...thread, head };
    }
    case "resync":
      return {
        ...emptyThread(thread.conversation, thread.me),
        pending: thread.pending,
        marks: thread.marks,
        generation: thread.generation + 1,
        gap: true,
      };
    default:
      return thread;
  }
}

/** @param {Thread} thread @param {Entry[]} incoming @param {number} head @returns {Thread} */
function applyEntries(thread, incoming, head) {
  let last = thread.last;
  let top = Math.max(thread.head, head);
  /** @type {Entry[]} */
  const added = [];
  for (const entry of [...incoming].sort((a, b) => a.seq - b.seq)) {
    top = Math.max(top, entry.seq);
    if (entry.seq === last + 1) {
      added.push(entry);
      last = entry.seq;
    }
  }
  // Batches still on their way are no gap; a number that was jumped over is.
  const gap =
    incoming.some((entry) => entry.seq > last) || (thread.gap && top > last);
  if (!added.length) {
    return top === thread.head && gap === thread.gap ? thread : { ...thread, head: top, gap };
  }
  const shown = new Set();
  let typing = thread.typing;
  for (const { author, cid } of added) {
    if (cid && isMine(author, thread.me)) shown.add(cid);
    if (typing[author.id ?? author.kind]) {
      typing = { ...typing };
      delete typing[author.id ?? author.kind];
    }
  }
  return {
    ...thread,
    entries: [...thread.entries, ...added],
    pending: thread.pending.filter(
      (item) => !shown.has(item.cid) && !(item.state === "acked" && (item.seq ?? 0) <= last),
    ),
    last,
    head: top,
    gap,
    typing,
  };
}

/** @param {Thread} thread @param {string} cid @param {number} seq @returns {Thread} */
function applyAck(thread, cid, seq) {
  if (!thread.pending.some((item) => item.cid === cid)) return thread;
  if (seq <= thread.last) {
    return { ...thread, pending: thread.pending.filter((item) => item.cid !== cid) };
  }
  const acked = change(thread, cid, { state: "acked", seq, code: undefined });
  return { ...acked, head: Math.max(acked.head, seq) };
}

/** @param {Thread} thread @param {Action} action @returns {Thread} */
function applyTyping(thread, { author, on, text, mode }) {
  const key = author.id ?? author.kind;
  if (isMine(author, thread.me)) return thread;
  const typing = { ...thread.typing };
  if (on) typing[key] = { author, text: text ?? "", mode };
  else if (key in typing) delete typing[key];
  else return thread;
  return { ...thread, typing };
}

/** @param {Thread} thread @param {string} cid @param {Partial<Pending>} changes @returns {Thread} */
function change(thread, cid, changes) {
  if (!thread.pending.some((item) => item.cid === cid)) return thread;
  return {
    ...thread,
    pending: thread.pending.map((item) => (item.cid === cid ? { ...item, ...changes } : item)),
  };
}
