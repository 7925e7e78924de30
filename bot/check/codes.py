"""Every code of a finding, in one sentence: the README's table is made from this."""

CODES = {
    # the file
    "unreadable": "The file or folder cannot be read.",
    "no-lesson": "The folder has no `*.yaml` or `*.yml` file.",
    "encoding": "The file is not UTF-8.",
    "control-character": "A character that nobody sees: a control, or a mark that reorders text.",
    "too-big": "The file is larger than 1 MB, or holds more than 20,000 values.",
    "empty-file": "There is nothing in the file.",
    "several-documents": "A `---` begins a second document; one lesson a file.",
    "yaml": "The text is not YAML; most often a text needs quotes, or the indentation is off.",
    "tab": "A tab in the indentation.",
    "too-deep": "More than 12 levels of brackets or indentation.",
    "alias": "A YAML anchor or alias; most often a text that begins with `*` or `&` and needs quotes.",
    "tag": "A YAML tag; most often a text that begins with `!` and needs quotes.",
    "same-key": "The same key twice in one place.",
    # the schema
    "unknown-key": "A key that has no meaning here; inside `{…}` an unquoted comma makes one.",
    "missing-key": "A key that must be there is not.",
    "empty": "A key with nothing after it.",
    "blank": "A text that shows nothing.",
    "line-break": "More than one line where one line is shown.",
    "wrong-type": "A text where a number is needed, a number where a text is needed, and the like.",
    "wrong-value": "A word or number that is not one of those that are allowed.",
    "wrong-id": "An id with other signs than a-z, 0-9 and `-`, or longer than 40.",
    "out-of-range": "A number that is too small or too large.",
    "too-long": "A text with too many characters.",
    "too-many": "A list with too many items.",
    "too-few": "A list with too few items.",
    "wrong-kind": "A key that a step of this kind has no place for.",
    "one-right": "A question needs exactly one option with `correct: true`.",
    "same-option": "Two options of a question have the same text, as written or as learners see it.",
    "no-hint": "A practice question without a hint.",
    "no-solution": "A practice question without a worked solution.",
    "no-such-step": "A question names a step that the lesson does not have.",
    "same-id": "Two steps, or two questions, of a lesson have the same id.",
    "same-name": "Two stories of a lab have the same name.",
    "uneven-data": "The lab has more values of x than of y, or fewer.",
    "constant": "All values of the lab's x, or of its y, are the same: there is nothing to learn.",
    # what learners see
    "option-letter": "A letter or place of an option (“option B”) in a text whose options are shuffled.",
    "option-line": "An option that needs more than one line: a list, a quote, a block of code.",
    "option-too-long": "An option with more than 120 characters.",
    "button": "A button whose label is cut, or that Telegram would refuse.",
    "code-too-long": "A block of code that does not fit into one message.",
    "message-too-long": "A message with more than 4096 UTF-16 units in its longest state.",
    "too-many-entities": "A message with more than 100 entities (bold, code, links …): Telegram drops the others.",
    "program-too-long": "The lab's data makes a program that does not fit into one message.",
    # between files
    "same-lesson": "Two files have a lesson with the same id.",
}


def table() -> str:
    """The codes as a Markdown table."""
    rows = [f"| `{code}` | {sentence} |" for code, sentence in CODES.items()]
    return "\n".join(["| code | meaning |", "| --- | --- |", *rows])
