"""What somebody may do in a chat, by the Bot API's names: rights of administrators, permissions of everybody else."""

from bot.preview.chats import Chat, ChatKind, Member, Object, Standing

EVERY_KIND = (
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_manage_video_chats",
    "can_promote_members",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
ONLY_IN = {
    ChatKind.PRIVATE: (),
    ChatKind.GROUP: ("can_pin_messages", "can_manage_tags"),
    ChatKind.SUPERGROUP: ("can_pin_messages", "can_manage_topics", "can_manage_tags"),
    ChatKind.CHANNEL: ("can_post_messages", "can_edit_messages", "can_manage_direct_messages"),
}
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
"""ChatPermissions, and the flags of a restricted member."""
ANONYMOUS = "is_anonymous"
_NOT_GIVEN = {"can_promote_members"}
"""Rights that a new administrator does not get unless asked for."""


def rights_in(kind: ChatKind) -> tuple[str, ...]:
    """Name the rights that an administrator of such a chat can have."""
    return EVERY_KIND + ONLY_IN[kind]


def usual_rights(kind: ChatKind, standing: Standing) -> frozenset[str]:
    """Give what somebody gets where nothing else is said: an administrator nearly all, a restricted member nothing."""
    if standing is not Standing.ADMINISTRATOR:
        return frozenset()
    return frozenset(rights_in(kind)) - _NOT_GIVEN


def checked_rights(kind: ChatKind, standing: Standing, rights: frozenset[str]) -> frozenset[str]:
    """Refuse rights that do not exist there: a test that misspells one must fail. ValueError."""
    known = set(PERMISSIONS) if standing is Standing.RESTRICTED else {ANONYMOUS, *rights_in(kind)}
    if unknown := rights - known:
        raise ValueError(f"{sorted(unknown)}: no rights of a {standing.value} in a {kind.value}")
    return rights


def may(chat: Chat, member: Member | None, right: str) -> bool:
    """Tell whether somebody has a right of administrators; who created the chat has all of them."""
    if member is None:
        return False
    has_it = member.standing is Standing.ADMINISTRATOR and right in member.rights
    return has_it or (member.standing is Standing.CREATOR and right in rights_in(chat.kind))


def is_allowed(chat: Chat, member: Member, permission: str) -> bool:
    """Tell whether somebody inside a group has a permission there."""
    if member.standing.is_in_charge:
        return True
    if member.standing is Standing.RESTRICTED:
        return permission in member.rights
    return permission not in chat.denied


def permissions_of(chat: Chat) -> Object:
    """Give the Bot API's ChatPermissions of a group's plain members."""
    return {name: name not in chat.denied for name in PERMISSIONS}


def standing_fields(kind: ChatKind, member: Member) -> Object:
    """Give what ChatMember says besides the person: status, rights, flags."""
    status: Object = {"status": member.standing.value}
    match member.standing:
        case Standing.CREATOR:
            return {**status, ANONYMOUS: ANONYMOUS in member.rights}
        case Standing.ADMINISTRATOR:
            rights = {name: name in member.rights for name in rights_in(kind)}
            rights["can_manage_chat"] = True  # implied by any other right (Bot API)
            return {**status, "can_be_edited": False, ANONYMOUS: ANONYMOUS in member.rights, **rights}
        case Standing.RESTRICTED:
            flags = {name: name in member.rights for name in PERMISSIONS}
            return {**status, "is_member": True, **flags, "until_date": 0}
        case Standing.KICKED:
            return {**status, "until_date": 0}
        case _:
            return status
