// @ts-check
import { fold, score } from "./fold.js";
import { composes } from "./words.js";

/** A panel of emoji for both composers; it comes only to those who open it. */

/** The sign, its Turkish and its English name, other words to find it by. */
const SIGNS = `
😀 gülen yüz|grinning face|mutlu happy
😄 neşeli yüz|happy face|gülmek sevinç laugh joy
😂 gülmekten ağlayan yüz|tears of joy|kahkaha komik laugh funny
😅 terleyen gülümseme|relieved smile|ter mahcup sweat
🙂 gülümseyen yüz|slight smile|tebessüm
😉 göz kırpan yüz|winking face|şaka wink
😊 mutlu gülümseme|warm smile|memnun utangaç blush pleased
😇 melek|halo|masum innocent angel
😍 kalp gözlü yüz|heart eyes|aşk hayran love
😘 öpücük|kiss|sevgi love
😎 gözlüklü yüz|sunglasses|havalı cool
🤩 yıldız gözlü yüz|star eyes|hayran harika amazed
🤔 düşünen yüz|thinking face|acaba think
😐 ifadesiz yüz|neutral face|tarafsız
🙄 göz deviren yüz|rolling eyes|bıkkın annoyed
😮 şaşıran yüz|surprised face|vay wow
😴 uyuyan yüz|sleeping face|uyku yorgun tired
😌 rahatlamış yüz|relieved face|huzur calm
😕 kafası karışık yüz|confused face|anlamadım
🙁 üzgün yüz|sad face|mutsuz unhappy
😢 ağlayan yüz|crying face|gözyaşı üzgün sad tear
😭 hıçkıran yüz|sobbing face|ağlamak üzgün cry sad
😡 kızgın yüz|angry face|öfke sinir anger
😱 korkan yüz|screaming face|korku şok fear shock
🤗 sarılan yüz|hug|kucak
🤝 el sıkışma|handshake|anlaştık deal agree
👍 beğeni|thumbs up|tamam olur evet yes ok like
👎 beğenmeme|thumbs down|hayır olmaz no dislike
👌 tamam işareti|OK hand|kusursuz perfect
✌️ zafer işareti|victory hand|barış peace
🤞 şans dileyen el|crossed fingers|umut luck hope
👏 alkış|clapping hands|bravo tebrik applause congratulations
🙌 havaya kalkan eller|raised hands|yaşasın hooray
🙏 rica|folded hands|teşekkür lütfen dua thanks please
💪 güçlü kol|strong arm|güç kuvvet strength
👋 el sallama|waving hand|merhaba selam güle hello bye
👇 aşağıyı gösteren el|pointing down|aşağı below
👉 sağı gösteren el|pointing right|bakın look
❤️ kırmızı kalp|red heart|sevgi aşk love
💚 yeşil kalp|green heart|sevgi love
💙 mavi kalp|blue heart|sevgi love
💔 kırık kalp|broken heart|üzgün sad
✨ parıltı|sparkles|yeni new shine
⭐ yıldız|star|puan rating
🔥 ateş|fire|alev hot
🎉 kutlama|party popper|tebrik parti congratulations celebration
🎁 hediye|gift|armağan present
🎂 doğum günü pastası|birthday cake|kutlu yaş
🌹 gül|rose|çiçek flower
🌸 çiçek|blossom|bahar flower spring
☀️ güneş|sun|hava weather
🌙 ay|moon|gece night
☕ kahve|coffee|mola break
🍵 çay|tea|mola break
🏠 ev|house|adres home address
🚗 araba|car|araç
🚚 kamyon|truck|kargo teslimat delivery shipping
✈️ uçak|aeroplane|uçuş seyahat airplane flight travel
📦 koli|parcel|paket kargo package box shipping
🛒 alışveriş sepeti|shopping cart|sipariş order basket
💳 kart|credit card|ödeme payment
💰 para|money|ücret price
🧾 fiş|receipt|fatura invoice
📞 telefon|telephone|arama call phone
📱 cep telefonu|mobile phone|uygulama app
💻 bilgisayar|computer|dizüstü laptop
📧 e-posta|e-mail|posta mail mektup
📷 fotoğraf makinesi|camera|resim photo picture
📎 ataş|paper clip|ek dosya attachment file
📌 raptiye|pin|önemli important
📅 takvim|calendar|tarih gün date day
⏰ çalar saat|alarm clock|zaman time
⏳ kum saati|hourglass|bekleyin süre wait
✅ onay|check mark|tamam bitti done yes
❌ çarpı|cross mark|hayır yanlış no wrong
❓ soru işareti|question mark|neden why
❗ ünlem işareti|exclamation mark|dikkat attention
⚠️ uyarı|warning|dikkat attention
🔒 kilit|lock|güvenli secure
🔑 anahtar|key|şifre password
🔔 zil|bell|bildirim notification
`.trim().split("\n").map((line) => {
  const [sign, ...words] = line.split(" ");
  const [tr, en, more] = words.join(" ").split("|");
  const keys = [tr, en, ...more.split(" ")].map(fold);
  return { sign, name: document.documentElement.lang === "tr" ? tr : en, keys };
});
/** From this rank on a word only holds the letters somewhere. */
const LOOSE = 20;
const COLUMNS = 8;
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS,
});

/**
 * Open the panel of a button for the first time; from then on the button opens and closes it itself.
 * @param {HTMLButtonElement} button @param {HTMLTextAreaElement} box where signs go
 * @param {{emoji: string, findEmoji: string, noEmoji: string} & Record<string, any>} texts
 */
export function openEmoji(button, box, texts) {
  if (button.popoverTargetElement) return;
  const panel = make("div", { className: "emoji", popover: "auto", role: "dialog", ariaLabel: texts.emoji });
  const filter = make("input", {
    className: "emoji-find", type: "text", placeholder: texts.findEmoji, ariaLabel: texts.findEmoji,
    autocomplete: "off", enterKeyHint: "done",
  });
  const grid = make("div", { className: "emoji-grid" });
  const none = make("p", { className: "emoji-none", role: "status" });
  const buttons = SIGNS.map(({ sign, name }) =>
    make("button", { type: "button", textContent: sign, title: name, ariaLabel: name }));
  const shown = () => /** @type {HTMLButtonElement[]} */ ([...grid.children]);

  function narrow() {
    const query = fold(filter.value.trim());
    const found = SIGNS.map(({ keys }, at) => ({ rank: score(keys, query), node: buttons[at] }))
      .filter(({ rank }) => rank >= 0 && rank < LOOSE)
      .sort((a, b) => a.rank - b.rank);
    grid.replaceChildren(...found.map(({ node }) => node));
    none.textContent = found.length ? "" : texts.noEmoji;
    stopAt(shown()[0]);
  }

  /** The one sign that Tab reaches. @param {HTMLButtonElement | undefined} node */
  function stopAt(node) {
    for (const each of buttons) each.tabIndex = each === node ? 0 : -1;
  }

  /** @param {HTMLButtonElement | null | undefined} node */
  function choose(node) {
    if (!node) return;
    panel.hidePopover();
    box.setRangeText(node.textContent ?? "", box.selectionStart, box.selectionEnd, "end");
    box.focus();
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  /** @param {string} key */
  function move(key) {
    const all = shown();
    const from = all.findIndex((node) => node === document.activeElement);
    const isMirrored = getComputedStyle(grid).direction === "rtl" && Math.abs(STEPS[key]) === 1;
    const to = from < 0 ? 0 : from + (isMirrored ? -STEPS[key] : STEPS[key]);
    if (to < 0) filter.focus();
    else if (all[to]) {
      stopAt(all[to]);
      all[to].focus();
    }
  }

  panel.addEventListener("keydown", (event) => {
    if (composes(event)) return event.stopPropagation();
    const isTyping = event.target === filter;
    if (event.key === "Escape") {
      panel.hidePopover();
      button.focus();
    } else if (isTyping && event.key === "Enter") choose(shown()[0]);
    else if (isTyping ? event.key === "ArrowDown" : STEPS[event.key]) move(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  panel.addEventListener("click", (event) => {
    choose(/** @type {Element} */ (event.target).closest("button"));
  });
  filter.addEventListener("input", narrow);
  panel.addEventListener("toggle", (event) => {
    const isOpen = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    filter.value = "";
    narrow();
    filter.focus();
  });
  panel.append(filter, grid, none);
  button.after(panel);
  button.popoverTargetElement = panel;
  button.click();
}

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag
 * @param {Record<string, unknown>} properties @returns {HTMLElementTagNameMap[T]} */
function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
