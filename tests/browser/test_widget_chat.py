"""The first conversation: a visitor writes in the widget, an agent answers."""

import pytest
from playwright.sync_api import expect

from chat.models import Visitor as Row
from config.outbox.models import OutboxEntry
from tests.conftest import Site
from tests.support.chromium import COME_BACK_MS, Contexts
from tests.support.factories import make_conversation, make_visitor
from tests.support.patience import Held, until
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


@pytest.mark.both
def test_a_visitor_and_an_agent_talk(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, language="tr")
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url)
    visitor.start("Ceketin bedeni küçük geldi", name="Zeynep Aksoy")
    expect(visitor.frame.locator("html")).to_have_attribute("lang", "tr")
    visitor.sees("Ceketin bedeni küçük geldi")
    expect(visitor.frame.locator(".who h1")).to_have_text("Elif Kaya")
    (chat,) = elif_.chats()
    assert chat["visitor"]["name"] == "Zeynep Aksoy"
    elif_.say(chat["id"], "Bir beden büyüğü stokta var")
    visitor.sees("Bir beden büyüğü stokta var")
    visitor.enter("Harika").enter("Teşekkürler").sent("Teşekkürler")
    assert elif_.texts(chat["id"]) == [
        "Ceketin bedeni küçük geldi",
        "Bir beden büyüğü stokta var",
        "Harika",
        "Teşekkürler",
    ]
    elif_.call(f"conversations/{chat['id']}/read", {"seq": 99})
    expect(visitor.frame.locator(".message-mark").last).to_have_attribute("data-state", "read")


def test_the_agent_sees_that_the_visitor_has_read(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    chat = elif_.chats()[0]["id"]
    elif_.say(chat, "I am here")
    visitor.sees("I am here")
    conversation = elif_.agent.conversations.get(public_id=chat)

    def is_read() -> bool:
        conversation.refresh_from_db()
        return bool(conversation.visitor_read_seq == conversation.last_visitor_seq > 0)

    until(visitor.page, is_read)


def test_a_chat_that_goes_back_and_forth_shows_only_where_it_is_now(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    # Somebody is there and has no room: else the offline form would take the place of the chat.
    busy = shop.agent("Mert Demir", online=False, capacity=1)
    theirs = make_visitor(shop.brand)
    make_conversation(theirs, status="active", assignee=busy.agent, holds_slot=True)
    busy.go_online()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    chat = elif_.chats()[0]["id"]
    lines = visitor.frame.locator(".thread-line")
    for _ in range(2):
        expect(lines).to_have_text(["Elif Kaya joined the chat"])
        elif_.call("status", {"status": "offline", "confirm": "requeue"})
        expect(lines).to_have_text(["You are in line"])
        elif_.go_online()
    expect(lines).to_have_text(["Elif Kaya joined the chat"])
    elif_.say(chat, "I am back")
    visitor.sees("I am back")
    elif_.call("status", {"status": "offline", "confirm": "requeue"})
    expect(lines).to_have_text(["Elif Kaya joined the chat", "You are in line"])
    visitor.page.reload()
    visitor.sees("I am back")
    expect(lines).to_have_text(["Elif Kaya joined the chat", "You are in line"])
    kinds = [entry["kind"] for entry in elif_.call(f"conversations/{chat}/entries")["entries"]]
    assert (kinds.count("queued"), kinds.count("accepted")) == (4, 3)
    # An answer that was asked for in line and comes after somebody has joined is old: asked anew.
    elif_.go_online()
    head = visitor.frame.locator(".who h1")
    expect(head).to_have_text("Elif Kaya")
    held = Held(visitor.page, f"**/conversations/{chat}")
    elif_.call("status", {"status": "offline", "confirm": "requeue"})
    route = held.wait().pop(0)
    late = route.fetch()
    assert late.json()["agent"] is None
    elif_.go_online()
    expect(head).to_have_text("Elif Kaya")
    asked = len(held.routes)
    route.fulfill(response=late)
    held.wait(asked + 1)
    expect(head).to_have_text("Elif Kaya")
    held.let_go()


def test_two_tabs_show_one_chat_and_share_the_open_panel(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    context = visitor_context(new_context)
    first = Visitor(context, shop.url).start("From the first tab")
    second = Visitor(context, shop.url)
    second.sees("From the first tab")
    second.say("From the second tab")
    first.sees("From the second tab")
    chat = elif_.chats()[0]["id"]
    elif_.say(chat, "To both")
    first.sees("To both")
    second.sees("To both")
    expect(first.words).to_have_text(second.words.all_text_contents())
    second.launcher.click()
    expect(first.launcher).to_have_attribute("aria-expanded", "false")


def test_a_message_sent_just_before_a_reload_arrives_once(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    context = visitor_context(new_context)
    visitor = Visitor(context, shop.url).start()
    chat = elif_.chats()[0]["id"]
    visitor.sees("Hello there")
    expect(visitor.frame.locator(".who h1")).to_have_text("Elif Kaya")
    visitor.answered()
    # Nothing leaves the browser any more, as in a tunnel.
    context.set_offline(True)
    visitor.frame.locator("html").evaluate("() => {}")
    context.route("**/ws/visitor/", lambda route: route.abort())
    visitor.enter("Sent before the reload").enter("And right after it")
    context.set_offline(False)
    visitor.page.reload()
    visitor.sent("And right after it")
    assert elif_.texts(chat) == ["Hello there", "Sent before the reload", "And right after it"]
    expect(visitor.words).to_have_text(elif_.texts(chat))


@pytest.mark.both
def test_what_was_said_while_the_server_restarted_arrives_once_and_in_order(
    site: Site, new_context: Contexts, problems: object
) -> None:
    problems.allow("WebSocket|ERR_CONNECTION|Failed to load resource|net::")  # type: ignore[attr-defined]
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    visitor.sees("Hello there")
    chat = elif_.chats()[0]["id"]
    site.process.kill()
    for number in range(5):
        visitor.enter(f"While away {number}")
    expect(visitor.frame.locator(".banner")).to_be_visible()
    expect(visitor.pending).to_have_count(5)
    site.process.start()
    expect(visitor.pending).to_have_count(0, timeout=COME_BACK_MS)
    expect(visitor.frame.locator(".banner")).to_be_hidden()
    wanted = ["Hello there", *(f"While away {number}" for number in range(5))]
    assert elif_.texts(chat) == wanted
    expect(visitor.words).to_have_text(wanted)


@pytest.mark.both
def test_with_nobody_there_a_message_becomes_a_ticket(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    visitor = Visitor(visitor_context(new_context), shop.url).open().pick()
    expect(visitor.frame.locator(".about")).to_have_text(f"Topic: {shop.topic.name_en}")
    visitor.fill(text="Where is my invoice?", email="vera@example").submit()
    expect(visitor.frame.locator("#email-error")).not_to_be_empty()
    expect(visitor.frame.locator("#email")).to_have_attribute("aria-invalid", "true")
    visitor.fill(email="vera@example.com").submit()
    number = visitor.frame.locator(".thanks-number strong")
    number.wait_for()
    ticket = shop.brand.tickets.get()
    expect(number).to_have_text(f"#{ticket.number}")
    assert ticket.contact.email == "vera@example.com"
    # The site says that the address is theirs: they may read what is mailed there.
    Row.objects.filter(contact=ticket.contact).update(verified=["email"])
    # Back at the start, and whenever they come again, they see where it stands.
    visitor.frame.locator(".thanks .button").click()
    own = visitor.frame.locator(".own-tickets")
    expect(own.get_by_role("link")).to_have_text(f"#{ticket.number} Where is my invoice?New")
    with visitor.page.context.expect_page() as opened:
        own.get_by_role("link").click()
    expect(opened.value.get_by_text("Where is my invoice?").first).to_be_visible()


def test_the_faces_go_with_the_last_agent(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).open()
    expect(visitor.frame.locator(".faces")).to_be_visible()
    elif_.call("status", {"status": "offline"})
    expect(visitor.frame.locator(".hero-state")).to_have_text("Nobody is here at the moment")
    expect(visitor.frame.locator(".faces")).to_have_count(0)


def test_an_agent_who_comes_opens_the_form_of_a_visitor_who_types(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent(online=False)
    visitor = Visitor(visitor_context(new_context), shop.url).open().pick()
    visitor.fill(text="Half a sentence")
    elif_.go_online()
    button = visitor.frame.locator("form.form button[type=submit]")
    expect(button).to_have_text("Start chat")
    expect(visitor.frame.locator("#text")).to_have_value("Half a sentence")


def test_the_second_visitor_waits_in_line_and_is_called(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, capacity=1)
    elif_ = shop.agent()
    first = Visitor(visitor_context(new_context), shop.url).start("I was first")
    expect(first.frame.locator(".who h1")).to_have_text("Elif Kaya")
    second = Visitor(visitor_context(new_context), shop.url).start("I wait")
    expect(second.frame.locator(".queue-place")).to_contain_text("You are number 1 in line")
    second.say("And write meanwhile")
    chat = next(each for each in elif_.chats() if each["status"] == "active")["id"]
    elif_.call(f"conversations/{chat}/end", {})
    elif_.call(f"conversations/{chat}/resolve", {"topic": str(shop.topic.pk)})
    expect(first.frame.locator(".ended")).to_be_visible()
    expect(second.frame.locator(".queue")).to_be_hidden()
    expect(second.frame.locator(".who h1")).to_have_text("Elif Kaya")


def test_who_waits_in_vain_leaves_their_words_by_one_press_or_waits_again(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, capacity=1, ask_email="optional")
    elif_ = shop.agent()
    first = Visitor(visitor_context(new_context), shop.url).start("I was first")
    expect(first.frame.locator(".who p")).to_have_text("Online · Returns")
    elif_.call("status", {"status": "break"})
    expect(first.frame.locator(".who p")).to_have_text("On a break · Returns")
    elif_.go_online()
    second = Visitor(visitor_context(new_context), shop.url)
    second.start("My long story", email="vera@example.com")
    second.say("It goes on")
    elif_.call("status", {"status": "break"})
    text = second.frame.locator("#text")
    expect(text).to_have_value("My long story\nIt goes on")
    expect(second.frame.locator(".intro").first).to_contain_text("Nobody is here at the moment")
    assert shop.brand.conversations.filter(status="queued").count() == 1
    elif_.go_online()
    expect(second.frame.locator(".queue-eta")).to_have_text("Somebody will be with you soon")
    elif_.call("status", {"status": "invisible"})
    expect(text).to_have_value("My long story\nIt goes on")
    second.submit()
    number = second.frame.locator(".thanks-number strong")
    number.wait_for()
    expect(number).to_have_text(f"#{shop.brand.tickets.get().number}")
    assert shop.brand.conversations.filter(status="queued").count() == 0
    expect(first.frame.locator(".who p")).to_have_text("Offline · Returns")


def test_the_visitor_ends_the_chat_and_starts_another(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    visitor.frame.locator("[aria-controls=menu]").click()
    visitor.frame.get_by_role("button", name="End chat").click()
    visitor.frame.get_by_role("group", name="End this chat?").get_by_role(
        "button", name="End chat"
    ).click()
    expect(visitor.frame.locator(".ended")).to_be_visible()
    expect(visitor.frame.locator(".composer")).to_be_hidden()
    assert elif_.chats()[0]["status"] == "wrap_up"
    visitor.frame.get_by_role("button", name="Start a new chat").click()
    visitor.pick().fill(text="Another thing").submit()
    visitor.sees("Another thing")
    expect(visitor.words).to_have_count(1)


def test_the_last_words_stay_in_sight_when_the_end_takes_their_room(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start(email="vera@example.com")
    chat = elif_.chats()[0]["id"]
    for number in range(12):
        elif_.say(chat, f"Answer {number}")
    visitor.sees("Answer 11")
    elif_.call(f"conversations/{chat}/end", {})
    visitor.frame.locator(".ended").get_by_role("button", name="E-mail me this chat").click()
    expect(visitor.frame.get_by_label("E-mail")).to_be_visible()
    # What opened below took its room from above.
    expect(visitor.frame.locator(".thread-line").last).to_have_text("Elif Kaya ended the chat")
    expect(visitor.frame.locator(".thread-line").last).to_be_in_viewport(ratio=1)


def test_a_closed_panel_counts_what_was_not_read(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    chat = elif_.chats()[0]["id"]
    visitor.sees("Hello there")
    visitor.launcher.click()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")
    elif_.say(chat, "One")
    elif_.say(chat, "Two")
    badge = visitor.page.locator("imece-chat b")
    expect(badge).to_have_text("2")
    # Nobody is told meanwhile that there is nothing: not the site, and no other tab.
    visitor.page.add_init_script("""
      window.told = [];
      addEventListener("message", ({ data }) => data.imece === "unread" && told.push(data.count));
    """)
    visitor.page.reload()
    until(visitor.page, lambda: 2 in visitor.page.evaluate("told"))
    assert visitor.page.evaluate("told") == [2]
    expect(badge).to_have_text("2")
    visitor.open()
    expect(badge).to_be_hidden()
    visitor.sees("Two")


def test_a_visitor_takes_an_ended_chat_along_by_e_mail(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start(email="vera@example.com")
    visitor.frame.locator(".who h1", has_text="Elif Kaya").wait_for()
    elif_.say(elif_.chats()[0]["id"], "It left yesterday.")
    visitor.sees("It left yesterday.")
    visitor.frame.locator(".menu-place > button").click()
    visitor.frame.get_by_role("button", name="End chat").click()
    visitor.frame.locator(".button.is-danger").click()
    ended = visitor.frame.locator(".ended")
    ended.get_by_role("button", name="E-mail me this chat").click()
    address = ended.get_by_label("E-mail")
    expect(address).to_be_focused()
    expect(address).to_have_value("vera@example.com")
    address.fill("vera")
    ended.get_by_role("button", name="Send").click()
    expect(ended.get_by_text("Please check the e-mail address.")).to_be_visible()
    address.fill("other@example.com")
    ended.get_by_role("button", name="Send").click()
    expect(ended.get_by_text("other@example.com gets it in a few minutes.")).to_be_visible()
    [mail] = OutboxEntry.objects.filter(kind="chat.transcript_mail")
    assert mail.payload["email"] == "other@example.com"


def test_a_chat_that_nobody_answered_is_not_offered_by_e_mail(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    visitor.frame.locator(".who h1", has_text="Elif Kaya").wait_for()
    visitor.frame.locator(".menu-place > button").click()
    visitor.frame.get_by_role("button", name="End chat").click()
    visitor.frame.locator(".button.is-danger").click()
    expect(visitor.frame.get_by_role("button", name="Start a new chat")).to_be_visible()
    expect(visitor.frame.get_by_role("button", name="E-mail me this chat")).to_be_hidden()


def test_a_brand_that_sends_no_transcripts_offers_none(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, transcripts="never")
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    elif_.call(f"conversations/{elif_.chats()[0]['id']}/end", {})
    visitor.frame.get_by_role("button", name="Start a new chat").wait_for()
    expect(visitor.frame.get_by_role("button", name="E-mail me this chat")).to_have_count(0)


def test_head_and_buttons_have_the_colours_of_the_brand(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, primary_color="#7be0a4", accent_color="#ffd400")
    shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).open()
    # On a green head it is not the hollow one of nobody there.
    dot = visitor.frame.locator(".hero-state.is-online .dot")
    expect(dot).not_to_have_css("background-color", "rgb(123, 224, 164)")
    visitor.pick().fill(text="Yellow?").submit()
    head = visitor.frame.locator(".bar")
    own = visitor.frame.locator(".message.is-own .message-bubble")
    expect(head).to_have_css("background-color", "rgb(123, 224, 164)")
    expect(own).to_have_css("background-color", "rgb(255, 212, 0)")
    # White could not be read on it.
    expect(own).to_have_css("color", "rgb(16, 24, 31)")
