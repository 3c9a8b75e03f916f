"""Bodies nobody honest would send, for doors that must answer all of them."""

from hypothesis import strategies as st

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | st.sampled_from(["\0", "a\0b", "İ", "{{7*7}}", "' OR 1=1 --", "\u202e", "1e999"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "cid",
        "text",
        "attachments",
        "fields",
        "message",
        "topic",
        "topic_text",
        "seq",
        "score",
        "site",
        "visitor",
        "page",
        "language",
        "consent",
        "identity",
        "events",
        "ago",
        "email",
        "name",
        "comment",
        "brand",
        "assignee",
        "status",
        "pk",
        "__class__",
        "secret_hash",
    ]
)
bodies = values | st.dictionaries(names, values, max_size=6)
