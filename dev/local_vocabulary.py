"""The words that the local model knows: which ones carry no meaning, which ones are common, and how to name a page."""

import re
import unicodedata

# Function words: they tell the language of a question and are never looked for.
_FUNCTION_WORDS = {
    "en": """a about after all also am an and any are as at be because been before being between but by can could
        did do does doing done down during each for from had has have having he her him his how i if in into is it
        its just may me might more most much many must my no not of off on once only or our out over own per
        please same she should so some such than that the their them then there these they this those through to
        too under until up us very was we were what what's whats when where which while who whom whose why will
        with would you your""",
    "de": """ab aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bis bitte da
        damit dann das dass daß dem den denn der des deren dessen die dies diese diesem diesen dieser dieses doch
        dort du durch ein eine einem einen einer eines er es etwa euch für gegen hat hatte hatten habe haben hin
        ich ihm ihn ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes kann kannst kein
        keine können könnte man mehr mein mit muss müssen nach nicht noch nur ob oder ohne sein seine seinem
        seinen seiner seit sich sie sind so soll über um und uns unter vom von vor war waren warum was weil
        welche welchem welchen welcher welches wem wen wenn wer werden wessen wie wieso wieviel viel viele vielen
        wird wo wobei wodurch wofür woher wohin womit woran woraus worden wovon wozu wurde wurden während zu zum
        zur zwischen""",
    "es": """a al algo algún alguna ante antes aquel aquella así aunque cada como cómo con cual cuál cuáles cuando
        cuándo cuanta cuánta cuantas cuántas cuanto cuánto cuantos cuántos de del desde donde dónde durante e el
        él ella ellas ellos en entre era eran eres es esa esas ese eso esos esta está están estas este esto estos
        fue fueron ha había habían hace hacia han hasta hay la las le les lo los más me mi mucho muchos muy ni no
        nos o para pero por porque porqué puede pueden que qué quién quien quienes quiénes se según ser si sí sin
        sobre son su sus también te tiene tienen tenía toda todas todo todos tras tu un una unas uno unos y ya""",
    "fr": """à afin ai au aucun aussi autre aux avait avant avec avoir c ce cela ces cet cette ceux chaque chez
        comme comment combien d dans de depuis des donc dont du elle elles en entre es est et était étaient être
        fut il ils j je l la le les leur leurs lors lui ma mais me même mes moi mon n ne ni nos notre nous on ont
        ou où par pas pendant peut plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se
        ses si son sont sous sur ta te tes toi ton tous tout toute toutes très tu un une vers vos votre vous y""",
}

# Common words: good to find again in a passage, but their absence proves nothing.
_COMMON_WORDS = {
    "en": """about actually again answer ask become begin big called call calculate cause change come compare
        common consist contain count describe difference different discuss effect example exactly exist explain
        fact far fast figure file find first follow form found function general get give go good happen heavy high
        hot important kind know large last lecture lesson list little long look low lot main make matter mean
        measure name need new next notes number often old one order page part people place point possible purpose
        quick question reach reason result roughly role see seen show simple size small sort say says start stay
        step stop sum tell term text thing time true try type use used usually value want way well whole work
        works write""",
    "de": """aussehen bedeutet bedeutung beginnen beispiel beschreiben bestehen bezeichnen dauern dauert eigentlich
        entstehen erkläre erklären ersten erste erstes etwas fall finden folge frage führen funktioniert geben
        genau genannt geschah gibt groß große großen grund gut heißt heißen hoch insgesamt jahr jahre jahren
        kommen kommt lang lange liegt liegen machen macht menschen name namen nennen nennt passiert rolle sagen
        schnell seite sieht stark tun unterschied ungefähr ursache verwendet verwendung wert wichtig wirkt wissen
        zahl zeigen ziel zeit""",
    "es": """año años aproximadamente causa comenzar consiste da dice dar decir diferencia ejemplo empezar empezó
        encontrar encuentra exactamente explica explicar explícame forma función gente grande gran hacer hecho hizo
        importante llama llaman llamaba llamar lugar mayor manera nombre número ocurre ocurrió página papel parte
        pasa pasó persona personas poco primera primero primer principal produce pregunta razón sabe saber
        significa sirve sucedió tipo tiempo último valor veces vez""",
    "fr": """an ans année années appelle appelé arrive but cause chose combien comprendre décrire dire différence
        effet exemple explique expliquer faire fait fonction forme grand grande important lieu manière moment
        nombre nom page partie passe petit premier première principal question raison rôle sert signifie sorte
        temps trouve trouver type utilise valeur""",
}

# Chinese is cut at these words; what remains between them must be found again.
CHINESE_FRAME = re.compile(
    "什么时候|为什么|是什么|有什么|什么样|怎么样|怎样|怎么|什么|多少|多长|多高|多大|多久|多宽|多深|多远|几个|几条|几年|几月|几"
    "|哪一年|哪个|哪些|哪里|哪位|哪年|哪条|哪儿|哪|谁|吗|呢|请问|请|是否|有没有|可以|能不能|主要|大约|大概|一共|总共|叫做|称为|位于"
    "|这个|那个|这种|那么|那|这|它的|它们|它|他的|他|她|关于|说明|解释|介绍|告诉我|我|你|属于|因为|所以|以及|或者|还是"
    "|的|了|是|在|有|和|与|或|及|被|把|从|到|于|由|对|也|就|都|而|又|很|最|比|用|以|为|上|下|中|里|后|前|年|个|条|时|名|叫|多"
)

ASKS_FOR_A_TIME = re.compile(
    r"\b(when|what year|which year|what date|wann|welche[mns]? jahr|seit wann|cuándo|cuando|qué año|que año|qué fecha"
    r"|quand|quelle année|quelle date)\b|什么时候|哪一年|哪年|何时|几年",
    re.IGNORECASE,
)
ASKS_FOR_A_NUMBER = re.compile(
    r"\b(how (many|much|long|far|fast|high|hot|heavy|big|large|old|wide|deep|tall)|what percentage|per cent|percent"
    r"|wie ?(viel|viele|vielen|lang|lange|hoch|groß|schnell|weit|schwer|heiß|tief|alt)|cuánt[oa]s?|cuant[oa]s|combien)\b"
    r"|多少|多长|多高|多大|多久|多宽|多深|多远|几个|几条|几",
    re.IGNORECASE,
)
ASKS_FOR_A_REASON = re.compile(
    r"\b(why|how (do|does|did|is|are|can)|explain|describe|warum|wieso|weshalb|wie (funktioniert|entsteht)|erklär"
    r"|por ?qué|cómo|explica|pourquoi|comment|expliqu)|为什么|怎么|怎样|如何|解释",
    re.IGNORECASE,
)
FOLLOWS_ON = re.compile(
    r"^\s*((and|und|y|et|what about|how about|was ist mit|¿y|¿e)\b|那么|那|还有)|呢[\uff1f?]?\s*$",
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


def _folded(words: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(fold(text).split()) for language, text in words.items()}


FUNCTION_WORDS = _folded(_FUNCTION_WORDS)
COMMON_WORDS = _folded(_COMMON_WORDS)
ALL_FUNCTION_WORDS = frozenset().union(*FUNCTION_WORDS.values())
