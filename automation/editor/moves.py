"""What the buttons of the page do to a draft; each says which controls may take the focus then."""

from collections.abc import Sized

from automation.editor.drafts import Block, Condition, Draft, Step
from automation.rules.checking import ACTIONS_MAX, CONDITIONS_MAX, DEPTH_MAX
from config.text.cleaning import key_of

VERBS = ("add", "block", "remove", "up", "down")


class NoSuchPlace(LookupError):
    """A button names what is not there."""


def press(draft: Draft, act: str) -> list[str]:
    """Do what a button says, such as "add:all-1"; return the ids that may take the focus."""
    verb, _colon, path = act.partition(":")
    if verb not in VERBS:
        raise NoSuchPlace
    if path == "actions" or path.startswith("actions-"):
        return _press_step(draft, verb, path)
    if verb in {"add", "block"}:
        return _add(draft, path, is_block=verb == "block")
    block, at = _at(draft, path)
    node = block.nodes[at]
    if verb == "remove":
        del block.nodes[at]
        _drop_empty(draft)
        return [f"id_{path}-field", f"id_{path}-kind", f"add-{path.split('-', 1)[0]}"]
    (_up if verb == "up" else _down)(draft, path, node)
    _drop_empty(draft)
    now = _path_of(draft, node)
    return [f"{verb}-{now}", f"id_{now}-field", f"id_{now}-kind"]


def _press_step(draft: Draft, verb: str, path: str) -> list[str]:
    steps = draft.steps
    if verb == "add":
        if len(steps) < ACTIONS_MAX:
            steps.append(Step())
        return [f"id_actions-{len(steps) - 1}-action"]
    at = _index(steps, path.removeprefix("actions-"))
    if verb == "remove":
        del steps[at]
        return [f"id_actions-{at}-action", "add-actions"]
    to = at - 1 if verb == "up" else at + 1
    if 0 <= to < len(steps):
        steps[at], steps[to] = steps[to], steps[at]
        at = to
    return [f"{verb}-actions-{at}", f"id_actions-{at}-action"]


def _add(draft: Draft, path: str, *, is_block: bool) -> list[str]:
    block = _block(draft, path)
    if draft.count() >= CONDITIONS_MAX:
        return [f"add-{path}"]
    if not is_block:
        block.nodes.append(Condition())
        return [f"id_{path}-{len(block.nodes) - 1}-field"]
    if path.count("-") + 1 >= DEPTH_MAX:
        raise NoSuchPlace
    inner = Block("all" if block.kind == "any" else "any", [Condition()])
    block.nodes.append(inner)
    return [f"id_{path}-{len(block.nodes) - 1}-0-field"]


def _block(draft: Draft, path: str) -> Block:
    name, *numbers = path.split("-")
    if name not in {"all", "any"}:
        raise NoSuchPlace
    block: Block = draft.all if name == "all" else draft.any
    for number in numbers:
        inner = block.nodes[_index(block.nodes, number)]
        if not isinstance(inner, Block):
            raise NoSuchPlace
        block = inner
    return block


def _at(draft: Draft, path: str) -> tuple[Block, int]:
    above, _dash, number = path.rpartition("-")
    block = _block(draft, above)
    return block, _index(block.nodes, number)


def _index(rows: Sized, number: str) -> int:
    at = key_of(number)
    if str(at) != number or at >= len(rows):
        raise NoSuchPlace
    return at


def _up(draft: Draft, path: str, node: Condition | Block) -> None:
    """Take it one line up: past a condition, into the end of a block, or out before its own."""
    block, at = _at(draft, path)
    if at:
        before = block.nodes[at - 1]
        del block.nodes[at]
        if isinstance(before, Block) and _fits(node, path.count("-") + 1):
            before.nodes.append(node)
        else:
            block.nodes.insert(at - 1, node)
    elif path.count("-") > 1:
        outer, place = _at(draft, path.rpartition("-")[0])
        del block.nodes[at]
        outer.nodes.insert(place, node)
    elif block is draft.any:
        del block.nodes[at]
        draft.all.nodes.append(node)


def _down(draft: Draft, path: str, node: Condition | Block) -> None:
    block, at = _at(draft, path)
    if at + 1 < len(block.nodes):
        after = block.nodes[at + 1]
        del block.nodes[at]
        if isinstance(after, Block) and _fits(node, path.count("-") + 1):
            after.nodes.insert(0, node)
        else:
            block.nodes.insert(at + 1, node)
    elif path.count("-") > 1:
        outer, place = _at(draft, path.rpartition("-")[0])
        del block.nodes[at]
        outer.nodes.insert(place + 1, node)
    elif block is draft.all:
        del block.nodes[at]
        draft.any.nodes.insert(0, node)


def _fits(node: Condition | Block, depth: int) -> bool:
    """Return whether it may stand in a list at this depth, the outermost being 1."""
    return depth + _height(node) <= DEPTH_MAX


def _height(node: Condition | Block) -> int:
    if isinstance(node, Condition):
        return 0
    return 1 + max((_height(each) for each in node.nodes), default=0)


def _drop_empty(draft: Draft) -> None:
    """Drop blocks that the last condition has left."""
    for block in (draft.all, draft.any):
        _drop_in(block)


def _drop_in(block: Block) -> None:
    for node in block.nodes:
        if isinstance(node, Block):
            _drop_in(node)
    block.nodes = [node for node in block.nodes if not isinstance(node, Block) or node.nodes]


def _path_of(draft: Draft, wanted: Condition | Block) -> str:
    found = _find("all", draft.all, wanted) or _find("any", draft.any, wanted)
    return found or ""


def _find(path: str, block: Block, wanted: Condition | Block) -> str:
    for number, node in enumerate(block.nodes):
        here = f"{path}-{number}"
        if node is wanted:
            return here
        if isinstance(node, Block) and (found := _find(here, node, wanted)):
            return found
    return ""
