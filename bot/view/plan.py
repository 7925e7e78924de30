"""How a study plan looks: setting it up, running, paused, over; the chats to choose from; the word to who began it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core import plan_moves as moves
from bot.core.actions import Action
from bot.core.plan import Asks, Phase, Plan, Trouble, rest
from bot.core.plan_moves import CITIES, MINUTE, Press, page_of
from bot.core.track import Item, tracks
from bot.view.message import Button, Keyboard, Message, lines, paragraphs
from bot.view.rich import Rich, bold, date_time
from bot.view.stage import Stage

CHECKED, BULLET = "✓ ", "• "
HOUR, HALF = 60, 30  # minutes that the buttons move the time by
A_DAY = 24 * MINUTE
A_WEEK = 7  # days


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanScene:
    """A plan as it stands; `chat`: the chat's title where the message stands elsewhere."""

    plan: Plan
    times: tuple[datetime, ...]  # in the plan's zone
    chat: str | None = None


def plan_message(stage: Stage, scene: PlanScene, key: str) -> Message:
    """The one message of a plan."""
    plan, keyboard = scene.plan, _Buttons(stage, key)
    match plan.phase, plan.asks:
        case Phase.SETUP, Asks.TRACK:
            return _ask_track(stage, plan, keyboard)
        case Phase.SETUP, Asks.ZONE:
            return _ask_zone(stage, keyboard)
        case Phase.SETUP, _:
            return _setup(stage, scene, keyboard)
        case ((Phase.RUNNING | Phase.PAUSED), Asks.STOP):
            return _ask_stop(stage, scene, keyboard)
        case (Phase.RUNNING, _) | (Phase.PAUSED, _):
            return _under_way(stage, scene, keyboard)
        case _:
            end = "plan.stopped" if plan.phase is Phase.STOPPED else "plan.done_short"
            return Message(rich=paragraphs(_title(stage, scene), stage.texts(end)))


class _Buttons(Keyboard):
    """Buttons of a plan's message."""

    def __init__(self, stage: Stage, key: str) -> None:
        super().__init__(key)
        self._texts = stage.texts

    def to(self, text: str, word: str, value: str | int = "", **params: str | int) -> Button:
        """A button with a text of the catalogue."""
        return self.labelled(self._texts(text, **params), word, value)

    def labelled(self, label: str, word: str, value: str | int = "") -> Button:
        """A button with a label of its own."""
        return self.button(label, Action.PLAN, Press(word=word, value=str(value)).argument)


def _title(stage: Stage, scene: PlanScene) -> Rich:
    t, track = stage.texts, scene.plan.track
    if scene.chat is None:
        return bold(t("plan.title", track=track))
    return bold(t("plan.title_for", track=track, chat=scene.chat))


def _setup(stage: Stage, scene: PlanScene, keyboard: _Buttons) -> Message:
    t, plan = stage.texts, scene.plan
    title = t("plan.new") if scene.chat is None else t("plan.new_for", chat=scene.chat)
    keyboard.row(keyboard.to("plan.button_track", moves.ASK, Asks.TRACK, track=plan.track))
    for days in (range(4), range(4, 7)):
        keyboard.row(*(_day(stage, plan, day, keyboard) for day in days))
    now = plan.hour * MINUTE + plan.minute
    for step in (HOUR, HALF):
        before, after = (now - step) % A_DAY, (now + step) % A_DAY
        keyboard.row(
            keyboard.to("plan.button_earlier", moves.TIME, before, time=_clock(before)),
            keyboard.to("plan.button_later", moves.TIME, after, time=_clock(after)),
        )
    keyboard.row(keyboard.to("plan.button_zone", moves.ASK, Asks.ZONE, zone=plan.zone))
    keyboard.row(keyboard.to("plan.button_start", moves.BEGIN), keyboard.to("plan.button_cancel", moves.STOP))
    rich = paragraphs(
        bold(title),
        t("plan.what"),
        lines(
            t("plan.track", track=plan.track, posts=len(rest(plan, stage.shelf))),
            t("plan.days", days=_days(stage, plan)),
            t("plan.time", time=_clock(now), zone=plan.zone),
        ),
        _times(stage, "plan.first_times", scene.times),
        t("plan.choose"),
    )
    return Message(rich=rich, rows=keyboard.rows)


def _day(stage: Stage, plan: Plan, day: int, keyboard: _Buttons) -> Button:
    chosen = day in plan.days
    label = f"{CHECKED if chosen else ''}{stage.texts(f'plan.day_{day}')}"
    return keyboard.labelled(label, moves.DAY, f"{day}{'-' if chosen else '+'}")


def _ask_track(stage: Stage, plan: Plan, keyboard: _Buttons) -> Message:
    found, page, pages = page_of(tracks(stage.shelf), plan.page)
    for track in found:
        mark = CHECKED if track == plan.track else ""
        keyboard.row(keyboard.labelled(f"{mark}{track}", moves.TRACK, track))
    ask = f"{Asks.TRACK}."
    keyboard.row(
        keyboard.to("plan.button_page_back", moves.ASK, f"{ask}{page - 1}") if page else None,
        keyboard.to("plan.button_page_on", moves.ASK, f"{ask}{page + 1}") if page + 1 < pages else None,
    )
    keyboard.row(keyboard.to("plan.button_back", moves.BACK))
    return Message(rich=Rich(stage.texts("plan.ask_track")), rows=keyboard.rows)


def _ask_zone(stage: Stage, keyboard: _Buttons) -> Message:
    cities = [
        keyboard.labelled(name.rpartition("/")[2].replace("_", " "), moves.ZONE, name) for name in CITIES
    ]
    for place in range(0, len(cities), 3):
        keyboard.row(*cities[place : place + 3])
    keyboard.row(keyboard.to("plan.button_back", moves.BACK))
    return Message(rich=Rich(stage.texts("plan.ask_zone")), rows=keyboard.rows)


def _ask_stop(stage: Stage, scene: PlanScene, keyboard: _Buttons) -> Message:
    yes, no = (
        keyboard.to("plan.button_stop_yes", moves.STOP),
        keyboard.to("plan.button_stop_no", moves.BACK),
    )
    keyboard.row(yes, no)
    return Message(rich=paragraphs(_title(stage, scene), stage.texts("plan.ask_stop")), rows=keyboard.rows)


def _under_way(stage: Stage, scene: PlanScene, keyboard: _Buttons) -> Message:
    t, plan = stage.texts, scene.plan
    todo = rest(plan, stage.shelf)
    runs = plan.phase is Phase.RUNNING
    keyboard.row(
        keyboard.to("plan.button_pause", moves.PAUSE)
        if runs
        else keyboard.to("plan.button_resume", moves.RESUME),
        keyboard.to("plan.button_stop", moves.ASK_STOP),
    )
    keyboard.row(keyboard.to("plan.button_skip", moves.SKIP, plan.count) if todo else None)
    when = t(
        "plan.when", days=_days(stage, plan), time=_clock(plan.hour * MINUTE + plan.minute), zone=plan.zone
    )
    rich = paragraphs(
        _title(stage, scene),
        lines(when, _next(stage, todo[0]) if todo else None, t("plan.left", n=len(todo))),
        _times(stage, "plan.next_times", scene.times) if runs else _trouble(stage, plan),
        t("plan.hint") if runs else None,
    )
    return Message(rich=rich, rows=keyboard.rows)


def _next(stage: Stage, item: Item) -> str:
    lesson = stage.shelf[item.lesson]
    step = next((each for each in lesson.steps if each.id == item.step), None)
    if step is None:
        return stage.texts("plan.next_question", title=lesson.title)
    return stage.texts("plan.next_step", step=step.title, title=lesson.title)


def _trouble(stage: Stage, plan: Plan) -> str:
    if plan.trouble is None:
        return stage.texts("plan.paused")
    params = {"zone": plan.zone} if plan.trouble is Trouble.ZONE else {}
    return stage.texts(f"plan.trouble_{plan.trouble}", **params)


def _times(stage: Stage, text: str, times: Sequence[datetime]) -> Rich | None:
    if not times:
        return None
    return lines(stage.texts(text), *(BULLET + _moment(stage, each) for each in times))


def _moment(stage: Stage, at: datetime) -> Rich:
    day = stage.texts(f"plan.day_{at.weekday()}")
    return date_time(f"{day} {at:%Y-%m-%d %H:%M}", int(at.timestamp()))


def _days(stage: Stage, plan: Plan) -> str:
    if len(plan.days) == A_WEEK:
        return stage.texts("plan.every_day")
    days = ", ".join(stage.texts(f"plan.day_{day}") for day in plan.days)
    return days or stage.texts("plan.days_none")


def _clock(minutes: int) -> str:
    return f"{minutes // MINUTE:02}:{minutes % MINUTE:02}"


def done_message(stage: Stage, plan: Plan) -> Message:
    """The track is over: said to everybody, with what comes next."""
    way = Button(label=stage.texts("button.open_private"), url=stage.link("start"))
    return Message(rich=Rich(stage.texts("plan.done", track=plan.track)), rows=((way,),))


def notice(stage: Stage, plan: Plan, chat: str | None) -> Message:
    """The plan paused by itself: to who began it, in private."""
    t = stage.texts
    title = t("plan.notice", track=plan.track, chat=chat or t("plan.a_chat"))
    return Message(rich=paragraphs(bold(title), _trouble(stage, plan), t("plan.notice_next")))


def pick_message(stage: Stage, chats: Sequence[tuple[int, str]], key: str) -> Message:
    """The chats that a plan can be for: id and title each."""
    keyboard = _Buttons(stage, key)
    for chat, title in chats:
        keyboard.row(keyboard.labelled(title, moves.CHAT, chat))
    rich = paragraphs(stage.texts("plan.pick"), stage.texts("plan.pick_hint"))
    return Message(rich=rich, rows=keyboard.rows)
