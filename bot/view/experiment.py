"""How a class experiment looks: the votes with their counts, the apology, what stands under the picture.

Law: counts only, never who; the lines with the losses begin as the contract promises.
"""

from bot.core.actions import Action
from bot.core.class_experiment import OPEN, Counts, Ending, Experiment, Phase, Ran, predicted, wanted
from bot.core.experiment import Verdict, number
from bot.core.panel import PREDICTIONS
from bot.view.lab import rate_text, steps_text
from bot.view.message import Button, Keyboard, Message, Rows, lines, paragraphs
from bot.view.rich import Rich, bold
from bot.view.stage import Stage

IN_A_ROW = 3  # rates, so that a phone shows them whole


def experiment_message(stage: Stage, state: Experiment, key: str) -> Message:
    """What is trained, the votes, and how far it is."""
    t, about, counts = stage.texts, state.subject, state.shown
    voting = state.phase is Phase.VOTING
    rich = paragraphs(
        bold(t("experiment.title", title=about.title)),
        t(
            "experiment.what",
            n=len(about.x),
            x=about.x_label,
            y=about.y_label,
            x_unit=about.x_unit,
            y_unit=about.y_unit,
            steps=steps_text(stage, state.steps),
        ),
        lines(t("experiment.vote"), t("experiment.predict")) if voting else _votes(stage, state),
        lines(_leading(stage, state), _totals(stage, counts)) if not counts.nobody else None,
        _standing(stage, state),
    )
    return Message(rich=rich, rows=_buttons(stage, state, key) if voting else ())


def _standing(stage: Stage, state: Experiment) -> str:
    t = stage.texts
    match state.phase:
        case Phase.VOTING:
            return t("experiment.open", minutes=round(OPEN.total_seconds() / 60))
        case Phase.TRAINING:
            return t("experiment.closed")
        case Phase.LOST:
            return t("experiment.lost_below")
        case Phase.OVER if state.ending is Ending.SHOWN:
            return t("experiment.shown")
        case Phase.OVER if state.ending is Ending.NOBODY:
            return t("experiment.nobody")
        case Phase.OVER:
            return t("experiment.ended")


def _leading(stage: Stage, state: Experiment) -> str | None:
    if not sum(state.shown.rates) or state.phase is not Phase.VOTING:
        return None
    return stage.texts("experiment.leading", rate=rate_text(wanted(state, state.shown)[0]))


def _totals(stage: Stage, counts: Counts) -> str:
    return stage.texts("experiment.totals", votes=sum(counts.rates), predictions=sum(counts.predictions))


def _votes(stage: Stage, state: Experiment) -> Rich:
    """How many chose what, where there are no buttons any more."""
    t, counts = stage.texts, state.shown
    rates = [
        t("button.counted", name=rate_name(stage, rate), count=count)
        for rate, count in zip(state.rates, counts.rates, strict=False)
        if count
    ]
    told = [
        t("button.counted", name=prediction_name(stage, prediction), count=count)
        for prediction, count in zip(PREDICTIONS, counts.predictions, strict=False)
        if count
    ]
    return lines(*rates, *told)


def rate_name(stage: Stage, rate: float) -> str:
    """A rate as its button says it."""
    return stage.texts("button.rate", rate=rate_text(rate))


def prediction_name(stage: Stage, prediction: Verdict) -> str:
    """A prediction as its button says it."""
    return stage.texts(f"button.predict_{prediction}")


def _buttons(stage: Stage, state: Experiment, key: str) -> Rows:
    keyboard = Keyboard(key)

    def counted(name: str, counts: tuple[int, ...], place: int, action: Action) -> Button:
        count = counts[place] if place < len(counts) else 0
        label = stage.texts("button.counted", name=name, count=count) if count else name
        return keyboard.button(label, action, place)

    rates = [
        counted(rate_name(stage, rate), state.shown.rates, place, Action.EXPERIMENT_RATE)
        for place, rate in enumerate(state.rates)
    ]
    for start in range(0, len(rates), IN_A_ROW):
        keyboard.row(*rates[start : start + IN_A_ROW])
    keyboard.row(
        *(
            counted(prediction_name(stage, each), state.shown.predictions, place, Action.EXPERIMENT_PREDICT)
            for place, each in enumerate(PREDICTIONS)
        )
    )
    keyboard.row(keyboard.button(stage.texts("button.close_now"), Action.EXPERIMENT_CLOSE))
    return keyboard.rows


def apology(stage: Stage, state: Experiment, key: str) -> Message:
    """The training did not come back: the same again by a button; afterwards, what became of it."""
    t, keyboard = stage.texts, Keyboard(key)
    match state.phase:
        case Phase.LOST:
            keyboard.row(keyboard.button(t("button.retry"), Action.EXPERIMENT_RETRY))
            return Message(rich=Rich(t("experiment.lost")), rows=keyboard.rows)
        case Phase.OVER:
            shown = state.ending is Ending.SHOWN
            return Message(rich=Rich(t("experiment.again_over" if shown else "experiment.ended")))
        case _:
            return Message(rich=Rich(t("experiment.again")))


def picture_caption(stage: Stage, state: Experiment, ran: tuple[Ran, ...], key: str) -> Message:
    """The promised lines, who was right by count, and the way to replay it; `ran`: the most wanted first."""
    t, first, counts = stage.texts, ran[0], state.shown
    rich = paragraphs(
        bold(t("experiment.title", title=state.subject.title)),
        lines(
            t("result.before", loss=number(first.loss_before)),
            *(
                t(
                    "experiment.after",
                    loss=number(each.loss_after),
                    rate=rate_text(each.rate),
                    what=what_text(stage, each.verdict),
                )
                for each in ran
            ),
        ),
        None if sum(counts.rates) else t("experiment.unvoted"),
        _right(stage, first, counts),
        t("experiment.next"),
    )
    replay = Button(label=t("button.replay"), url=stage.link(f"x-{key}"))
    return Message(rich=rich, rows=((replay,),))


def _right(stage: Stage, first: Ran, counts: Counts) -> str:
    what, rate = what_text(stage, first.verdict), rate_text(first.rate)
    everybody = sum(counts.predictions)
    if not everybody:
        return stage.texts("experiment.unpredicted", rate=rate, what=what)
    right = predicted(counts, first)
    return stage.texts("experiment.predicted", rate=rate, what=what, right=right, all=everybody)


def what_text(stage: Stage, verdict: Verdict) -> str:
    """A verdict in words."""
    arrived = verdict is Verdict.ARRIVED
    return stage.texts("experiment.arrived" if arrived else f"result.{verdict}")
