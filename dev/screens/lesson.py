"""What the student on the pictures learns from, asks, and is told."""

import re

from dev.local_model import read_prompt
from tests.fakes import Messages

LIGHT = """# The energy of light

Light comes in portions, called photons. The energy of a photon is the product of Planck's constant and the frequency of the light. \
Violet light carries more energy per photon than red light does.

Planck's constant is 6.626 times 10 to the minus 34 joule seconds.
"""
ARABIC = """# الضوء

عندما ينتقل شعاع الضوء من الهواء إلى الزجاج ينكسر مقتربا من العمود لأن سرعته في الزجاج أقل.

الزاوية الحرجة في الزجاج تساوي اثنتين وأربعين درجة.
"""

PLACES = "Where in the cell do the two stages of photosynthesis happen?"
GREEN = "Why do leaves look green?"
ABSENT = "Who painted the Sistine Chapel?"
FORMULA = "How much energy does a photon carry?"
REFRACTION = "لماذا ينكسر الضوء في الزجاج؟"

# `<cite>` without a number: which passage it is depends on what was found.
_ANSWERS = {
    PLACES: """\
Both stages run inside the **chloroplasts**, but in different places:

1. The **light reactions** run in the membrane of the thylakoids, flat sacs that are stacked like coins \
<cite>The light reactions happen in their membrane.</cite>.
2. The **Calvin cycle** runs in the stroma, the fluid around the stacks \
<cite>The Calvin cycle happens here, helped by dissolved enzymes.</cite>.

There is room for many of both: a mesophyll cell holds 30 to 40 chloroplasts \
<cite>A typical mesophyll cell holds 30 to 40 of them.</cite>.""",
    GREEN: """\
Chlorophyll, their main pigment, absorbs red and blue light and leaves the green \
<cite>Leaves look green because their main pigment, chlorophyll, absorbs red and blue light strongly and green light weakly.</cite>.""",
    FORMULA: r"""
It is Planck's constant times the frequency of the light \
<cite>The energy of a photon is the product of Planck's constant and the frequency of the light.</cite>:

$$E = h\nu = \frac{hc}{\lambda}$$

| Light | $\lambda$ | $E$ |
| --- | --: | --: |
| violet | 400 nm | $5.0 \cdot 10^{-19}$ J |
| red | 700 nm | $2.8 \cdot 10^{-19}$ J |

So a photon of violet light carries more \
<cite>Violet light carries more energy per photon than red light does.</cite>.""".replace(
        "\\\n", ""
    ),
    REFRACTION: """\
ينكسر الضوء لأنه **أبطأ في الزجاج** منه في الهواء \
<cite>عندما ينتقل شعاع الضوء من الهواء إلى الزجاج ينكسر مقتربا من العمود لأن سرعته في الزجاج أقل.</cite>.

- الزاوية الحرجة في الزجاج: ٤٢ درجة <cite>الزاوية الحرجة في الزجاج تساوي اثنتين وأربعين درجة.</cite>""",
}


def answer(messages: Messages) -> str:
    """Answer as written above, each quote with the number of the passage that holds it."""
    prompt = read_prompt(messages)
    if prompt is None or prompt.question not in _ANSWERS:
        return "NOT_FOUND"
    texts = {passage.number: " ".join(passage.text.split()) for passage in prompt.passages}

    def number(quote: re.Match[str]) -> str:
        holding = [number for number, text in texts.items() if quote[1] in text]
        return f'<cite passage="{holding[0] if holding else 0}">{quote[1]}</cite>'

    return re.sub(r"<cite>(.*?)</cite>", number, _ANSWERS[prompt.question])
