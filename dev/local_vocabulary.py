"""The words that the local model knows, read from local_vocabulary.toml, and the turns of phrase it looks for."""

import re
import tomllib
import unicodedata
from pathlib import Path

# Chinese is cut at these words; what remains between them must be found again.
CHINESE_FRAME = re.compile(
    "什么时候|为什么|是什么|有什么|什么样|改成|改为|哪两|两条|两个|怎么样|怎样|怎么|什么|多少|多长|多高|多大|多久|多宽|多深|多远|几个|几条|几年|几月|几"
    "|哪一年|哪个|哪些|哪里|哪位|哪年|哪条|哪儿|哪|谁|吗|呢|请问|请|是否|有没有|可以|能不能|主要|大约|大概|一共|总共|叫做|称为|位于"
    "|这个|那个|这种|那么|那|这|它的|它们|它|他的|他|她|关于|说明|解释|介绍|告诉我|我|你|属于|因为|所以|以及|或者|还是"
    "|的|了|是|在|有|和|与|或|及|被|把|从|到|于|由|对|也|就|都|而|又|很|最|比|用|以|为|叫|会|变成|成为|开始|之后|之前|后来|时候|当时|多|去|要|来|进行"
)

# What follows is the kind of thing asked for: "which planet", "welches Metall", "qué enfermedad".
ASKED_KIND = re.compile(
    r"\b(?:which|welche[mnrs]?|was für (?:ein(?:e[mnrs]?)?)?|qué|cuáles|quel(?:le)?s?)\s+([^\W\d_]+)",
    re.IGNORECASE,
)
# A sentence that opens with such a word speaks of what the one before it spoke of.
POINTS_BACK = re.compile(
    r"^\W*(it|its|he|his|she|her|they|their|this|that|these|those|both|er|sie|es|ihr|ihre|sein|seine|dies|diese|dieser"
    r"|dort|dabei|él|ella|su|sus|este|esta|estos|allí|il|elle|ils|son|sa|ses|ce|cette)\b|\b(here|hier|aquí|ici)\b|^[它他她其这此]",
    re.IGNORECASE,
)
# A heading that names several things does not say which of them a sentence is about.
SEVERAL = re.compile(r"\b(and|und|y|et)\b|,|[和与、]", re.IGNORECASE)
# A question that leans on the one before it.
FOLLOWS_ON = re.compile(
    r"^\s*((and|und|y|et|what about|how about|was ist mit|¿y|¿e)\b|那么|那|还有)|呢[\uff1f?]?\s*$",
    re.IGNORECASE,
)
ASKS_FOR_A_DEFINITION = re.compile(
    r"^\W*(what (is|are|does .* mean)|define|was (ist|sind|bedeutet|heißt|versteht)|qué (es|son|significa)|qu'est-ce que)\b"
    r"|(是什么|什么是|什么叫)",
    re.IGNORECASE,
)
DEFINES = re.compile(
    r"\b(called|named|means|known as|refers to|(is|are) (an?|the)|nennt man|heißt|heißen|bezeichnet|bedeutet|ist eine?"
    r"|sind|se llaman?|significa|(es|son) (una?|el|la|los|las)|appelée?s?|signifie|(est|sont) (une?|le|la|les|des))\b|叫做|就是|称为|指的?是",
    re.IGNORECASE,
)
PAGE_NAMES = {
    "en": ("page {}", "slide {}", "part {}"),
    "de": ("Seite {}", "Folie {}", "Teil {}"),
    "es": ("página {}", "diapositiva {}", "parte {}"),
    "fr": ("page {}", "diapositive {}", "partie {}"),
    "zh": ("第 {} 页", "第 {} 张幻灯片", "第 {} 部分"),
}


def fold(text: str) -> str:
    """Lower case without accents, so that `año` and `ano` are one word, and `₂` is `2`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _sets(section: str) -> dict[str, frozenset[str]]:
    return {language: frozenset(fold(text).split()) for language, text in _LISTS[section].items()}


_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
FUNCTION_WORDS = _sets("function_words")
COMMON_WORDS = _sets("common_words")
ENDINGS = _sets("endings")["all"] | {""}
PREFIXES = frozenset(_LISTS["prefixes"]["de"].split())
SYNONYMS = tuple(
    frozenset(fold(line).split())
    for lines in _LISTS["synonyms"].values()
    for line in lines.strip().splitlines()
)
ALL_FUNCTION_WORDS = frozenset[str]().union(*FUNCTION_WORDS.values())
