"""How the lab looks: the panel, the numbers of a run, its picture's caption, its program, its link."""

import math

from bot.core.actions import Action
from bot.core.experiment import Optimizer, Spec, Verdict, number
from bot.core.panel import MORE_STEPS, PREDICTIONS, lab_of
from bot.core.scenes import LabScene, LostScene, ProgramScene, ResultScene, ShareScene, Waiting
from bot.course.model import Lab, Lesson
from bot.view.message import Keyboard, Message, Rows, lines, paragraphs
from bot.view.rich import MESSAGE_LIMIT, Rich, bold, link, pre
from bot.view.stage import Stage

LEFT, RIGHT = "◀", "▶"
MOST_DECIMALS = 12  # a float32 has no more to show
LONGEST_WRITTEN = 1e6  # weights and gradients from here on are written with an exponent
ROUNDING = 1e-6  # standardised data are of size 1: smaller weights and gradients are float32 rounding


def short(value: float) -> str:
    """A number with four digits that matter, for reading (the promised lines use `number`)."""
    return f"{value:.4g}".replace("-", "−")


def weight_text(value: float) -> str:
    """A weight or a gradient; what float32 rounding leaves of a zero is a zero."""
    return short(0.0 if abs(value) < ROUNDING else value)


def rate_text(rate: float) -> str:
    """A rate without an exponent: 0.00001 to 10."""
    return f"{rate:.10f}".rstrip("0").rstrip(".")


def steps_text(stage: Stage, steps: int) -> str:
    """`1 step`, `10 steps`, with a separator above 999."""
    return stage.texts("button.step") if steps == 1 else stage.texts("button.steps", n=f"{steps:,}")


def lab_message(stage: Stage, scene: LabScene, key: str) -> Message:
    """The panel: the model as it is, a row of buttons each setting, the stories, the predictions."""
    lesson = stage.shelf[scene.lesson]
    lab = lab_of(lesson)
    t = stage.texts
    rich = paragraphs(
        bold(t("lab.title", title=lab.title)),
        t("lab.what", n=len(lab.x.values), x=lab.x.label, y=lab.y.label),
        lines(
            _model(stage, scene),
            t("lab.shared") if scene.shared else None,
            t("lab.story", name=scene.story) if scene.story else None,
            t("lab.restarted") if scene.restarted else None,
        ),
        t(
            "lab.settings",
            optimizer=scene.optimizer.value,
            rate=rate_text(scene.rate),
            steps=steps_text(stage, scene.steps),
        ),
        None if scene.blown else t("lab.predict"),
    )
    return Message(rich=rich, rows=_panel(stage, scene, lab, key).rows)


def _model(stage: Stage, scene: LabScene) -> str:
    t, model = stage.texts, scene.model
    if scene.blown:
        return t("lab.blown_state")
    weights = {"weight": weight_text(model.weight), "bias": weight_text(model.bias)}
    if scene.fresh:
        return t("lab.fresh", **weights)
    if scene.loss is None:
        return t("lab.trained_no_loss", **weights)
    return t("lab.trained", **weights, loss=short(scene.loss))


def _panel(stage: Stage, scene: LabScene, lab: Lab, key: str) -> Keyboard:
    t, keyboard = stage.texts, Keyboard(key)
    values = {
        "o": t("button.optimizer", name=scene.optimizer.value),
        "r": t("button.rate", rate=rate_text(scene.rate)),
        "s": steps_text(stage, scene.steps),
    }
    for setting, value in values.items():
        keyboard.row(
            keyboard.button(LEFT, Action.MOVE, f"{setting}-"),
            keyboard.button(value, Action.ABOUT, setting),
            keyboard.button(RIGHT, Action.MOVE, f"{setting}+"),
        )
    stories = [keyboard.button(s.name, Action.STORY, place) for place, s in enumerate(lab.stories)]
    for start in range(0, len(stories), 3):
        keyboard.row(*stories[start : start + 3])
    for prediction in PREDICTIONS:
        keyboard.row(keyboard.button(t(f"button.run_{prediction}"), Action.RUN, prediction.value))
    return keyboard.row(None if scene.fresh else keyboard.button(t("button.reset"), Action.RESET))


def waiting_message(stage: Stage, scene: Waiting, key: str) -> Message:
    """How many come first; at 0 the turn came."""
    t = stage.texts
    return Message(rich=Rich(t("lab.waiting", n=scene.ahead) if scene.ahead else t("lab.waiting_over")))


def result_message(stage: Stage, scene: ResultScene, key: str) -> Message:
    """The two promised lines first, then the verdict against the prediction, then the numbers behind it."""
    lab, t = lab_of(stage.shelf[scene.lesson]), stage.texts
    blown = not scene.outcome.after.is_finite()
    rich = paragraphs(
        lines(
            bold(t("result.before", loss=number(scene.outcome.loss_before))),
            bold(t("result.after", loss=number(scene.outcome.loss_after))),
        ),
        _judgement(stage, scene),
        _numbers(stage, scene),
        _arithmetic(stage, scene),
        t("result.scale", x=lab.x.label, y=lab.y.label, x_unit=lab.x.unit, y_unit=lab.y.unit),
        t("result.next_blown" if blown else "result.next"),
    )
    return Message(rich=rich, rows=_result_rows(stage, key))


def _judgement(stage: Stage, scene: ResultScene) -> str:
    """What was predicted, what happened, in one sentence."""
    t = stage.texts
    gap = scene.outcome.loss_before - scene.least
    closed = (scene.outcome.loss_before - scene.outcome.loss_after) / gap if gap > 0 else 1.0
    what = t(f"result.what_{scene.verdict}", percent=percent_text(closed))
    if scene.verdict is Verdict.ARRIVED:
        return t("result.arrived", what=what)
    if scene.verdict is scene.prediction:
        return t("result.hit", what=what)
    return t("result.miss", predicted=t(f"result.{scene.prediction}"), what=what)


def percent_text(part: float) -> str:
    """A part of 1 in percent, no exponent; float32 rounding may have put it a little below 0 or above 1."""
    percent = min(max(part, 0.0), 1.0) * 100
    return f"{percent:.3g}" if percent >= 0.0001 or percent == 0 else "< 0.0001"


def _numbers(stage: Stage, scene: ResultScene) -> Rich:
    t, start, after = stage.texts, scene.spec.start, scene.outcome.after
    weight, bias = scene.outcome.gradient
    return lines(
        t("result.least", loss=short(scene.least)),
        t("result.weight", before=weight_text(start.weight), after=weight_text(after.weight)),
        t("result.bias", before=weight_text(start.bias), after=weight_text(after.bias)),
        t("result.gradient", weight=weight_text(weight), bias=weight_text(bias)),
    )


def _arithmetic(stage: Stage, scene: ResultScene) -> Rich | None:
    """For one step of SGD: w − rate × gradient = new w, with the numbers."""
    spec = scene.spec
    if spec.optimizer is not Optimizer.SGD or spec.steps != 1:
        return None
    start, after, gradient = spec.start, scene.outcome.after, scene.outcome.gradient
    weight = step_texts(start.weight, spec.rate, gradient[0], after.weight)
    bias = step_texts(start.bias, spec.rate, gradient[1], after.bias)
    t, rate = stage.texts, rate_text(spec.rate)
    return lines(
        t("result.arithmetic"),
        t("result.arithmetic_weight", w=weight[0], rate=rate, gradient=weight[1], new=weight[2]),
        t("result.arithmetic_bias", w=bias[0], rate=rate, gradient=bias[1], new=bias[2]),
    )


def step_texts(before: float, rate: float, gradient: float, after: float) -> tuple[str, str, str]:
    """Weight, gradient and new weight with as many decimals as the step needs to come out right by hand.

    The gradient gets one digit more than rate × gradient can hide; the last digit of the result may differ by one.
    """
    gradient = 0.0 if abs(gradient) < ROUNDING else gradient
    step = abs(rate * gradient)
    if not all(abs(value) < LONGEST_WRITTEN for value in (before, gradient, after)):  # nan is not
        return short(before), _signed(short(gradient)), short(after)
    places = 4 if step == 0 else min(max(4, 3 - math.floor(math.log10(step))), MOST_DECIMALS)
    finer = places + 1 + max(0, math.ceil(math.log10(rate)))
    return _decimals(before, places), _signed(_decimals(gradient, finer)), _decimals(after, places)


def _decimals(value: float, places: int) -> str:
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def _signed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def _result_rows(stage: Stage, key: str) -> Rows:
    t, keyboard = stage.texts, Keyboard(key)
    keyboard.row(keyboard.button(t("button.more", n=MORE_STEPS), Action.MORE))
    keyboard.row(
        keyboard.button(t("button.smaller"), Action.SMALLER),
        keyboard.button(t("button.bigger"), Action.BIGGER),
    )
    keyboard.row(
        keyboard.button(t("button.reset"), Action.RESET),
        keyboard.button(t("button.code"), Action.CODE),
        keyboard.button(t("button.share"), Action.SHARE),
    )
    return keyboard.rows


def lost_message(stage: Stage, scene: LostScene, key: str) -> Message:
    """An apology, and the same again."""
    t, keyboard = stage.texts, Keyboard(key)
    keyboard.row(keyboard.button(t("button.retry"), Action.RETRY))
    return Message(rich=Rich(t(f"lab.lost_{scene.reason}")), rows=keyboard.rows)


def program_message(stage: Stage, scene: ProgramScene, key: str) -> Message:
    """The complete program in one block."""
    t, keyboard = stage.texts, Keyboard(key)
    keyboard.row(keyboard.button(t("button.lab"), Action.LAB, scene.lesson))
    block = pre(stage.program(scene.spec).strip("\n"), "python")
    rich = paragraphs(t("program.title"), block, t("program.next"))
    if rich.units > MESSAGE_LIMIT:
        rich = Rich(t("program.too_long"))
    return Message(rich=rich, rows=keyboard.rows)


def share_message(stage: Stage, scene: ShareScene, key: str) -> Message:
    """The replay link."""
    t, keyboard = stage.texts, Keyboard(key)
    keyboard.row(keyboard.button(t("button.lab"), Action.LAB, scene.lesson))
    url = stage.link(f"r-{scene.code}")
    return Message(rich=paragraphs(t("share.text"), link(url, url), t("share.next")), rows=keyboard.rows)


def caption(stage: Stage, lesson: Lesson, spec: Spec) -> Rich:
    """What stands under the picture."""
    return Rich(
        stage.texts(
            "result.caption",
            title=lab_of(lesson).title,
            optimizer=spec.optimizer.value,
            rate=rate_text(spec.rate),
            steps=steps_text(stage, spec.steps),
        )
    )
